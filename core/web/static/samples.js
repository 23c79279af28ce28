// The editor of a destination: its samples follow what is entered, a moment after the last letter.
// Without a script the button "Update samples" does it.
(() => {
  const form = document.getElementById("editor");
  const part = document.getElementById("samples");
  if (!form || !part) return;
  const REASONS = {
    401: "You are signed out. Sign in in another tab: what you have entered stays here.",
    413: "The samples are not up to date: more stands in this form than the service takes. Enter fewer sample records, or shorter ones; else it cannot be saved either.",
  };
  let waiting = 0;
  let asked = 0;

  async function update() {
    asked += 1;
    const mine = asked;
    part.setAttribute("aria-busy", "true");
    try {
      const token = form.elements.csrf_token.value;
      const answer = await fetch(form.dataset.samples, {
        method: "POST",
        headers: { "X-Form-Token": token },
        body: new URLSearchParams(new FormData(form)),
        cache: "no-store",
      });
      // An answer to what was entered before the last letter is out of date.
      if (mine !== asked) return;
      if (answer.status === 200) {
        hideBanner("no-samples");
        sign(answer.headers.get("X-Form-Token"));
        renew(part, await answer.text());
      } else {
        showBanner("no-samples", REASONS[answer.status]
          || "The samples are not up to date: the service did not answer. Change anything to ask again.");
      }
    } catch {
      if (mine === asked) showBanner("no-samples", "The samples are not up to date: the service does not answer. Change anything to ask again.");
    } finally {
      if (mine === asked) part.removeAttribute("aria-busy");
    }
  }

  function soon(event) {
    if (event.target.name === "which") return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(update, 350);
  }

  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
})();
