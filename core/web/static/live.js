// What the pages do with a script: they stay up to date, copy with one click, and are worked by keyboard.
// Everything else works without one.

// ------------------------------------------------------------------ parts of a page that stay up to date
// <div data-live="/address/of/the/part" data-every="3">: the part is asked for again and again, as what is shown has
// a version (ETag) it is only sent when it has changed.
function keepUpToDate(part) {
  let version = part.dataset.version || "";
  let failures = 0;
  const seconds = Number(part.dataset.every || 3);

  async function look() {
    if (!document.hidden) {
      try {
        const headers = { "X-Live": "1" };
        if (version) headers["If-None-Match"] = version;
        const answer = await fetch(part.dataset.live, { headers, cache: "no-store" });
        if (answer.status === 401) { window.location.reload(); return; }
        if (answer.status === 200) {
          version = answer.headers.get("ETag") || "";
          renew(part, await answer.text());
        }
        failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
      } catch {
        failures += 1;
      }
      showStale(failures >= 3);
    }
    window.setTimeout(look, 1000 * seconds * Math.min(8, 2 ** failures));
  }
  window.setTimeout(look, 1000 * seconds);
}

// data-follow="#place": what somebody has in view stays there when the page grows above it.
// The whole part is exchanged or, of one with islands, those things in it that have the same id.
function renew(part, html) {
  const followed = part.dataset.follow && document.querySelector(part.dataset.follow);
  const follows = followed && isInView(followed);
  if (part.dataset.islands === undefined) {
    replace(part, html);
  } else {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    for (const child of [...fresh.content.children]) {
      const before = child.id && document.getElementById(child.id);
      if (!before || before.isEqualNode(child)) continue;
      for (const attribute of child.attributes) before.setAttribute(attribute.name, attribute.value);
      replace(before, child.innerHTML);
    }
  }
  if (follows) followed.scrollIntoView({ block: "nearest" });
  tell(part.querySelector("[data-news]")?.dataset.news);
}

// Only what differs is exchanged: what somebody has focused, opened or marked stays as it is.
function replace(part, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const old = [...part.children];
  const next = [...fresh.content.children];
  const keyed = new Map(old.filter((child) => child.id).map((child) => [child.id, child]));
  const kept = next.map((child) => {
    const before = child.id ? keyed.get(child.id) : undefined;
    if (!before) return child;
    if (before.isEqualNode(child) || isWorkedOn(before)) return before;
    if (before.tagName === child.tagName && before.children.length && ["OL", "UL", "LI", "SECTION", "ASIDE", "DIV"].includes(child.tagName)) {
      for (const attribute of child.attributes) before.setAttribute(attribute.name, attribute.value);
      replace(before, child.innerHTML);
      return before;
    }
    if (before.contains(document.activeElement)) {
      const place = [...before.querySelectorAll("a, button, input, textarea, select, summary")].indexOf(document.activeElement);
      window.queueMicrotask(() => {
        const again = [...child.querySelectorAll("a, button, input, textarea, select, summary")][place];
        (again || child.querySelector("a"))?.focus({ preventScroll: true });
      });
    }
    return child;
  });
  part.replaceChildren(...kept);
}

// What somebody has opened stays open, and what they are writing stays as they wrote it.
function isWorkedOn(element) {
  if (element.tagName === "DETAILS" && element.open) return true;
  if (element.dataset.keep === undefined) return false;
  return element.contains(document.activeElement)
    || [...element.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue);
}

function isInView(element) {
  const box = element.getBoundingClientRect();
  return box.top < window.innerHeight && box.bottom > 0;
}

function showStale(stale) {
  let banner = document.getElementById("stale");
  if (stale && !banner) {
    banner = document.createElement("p");
    banner.id = "stale";
    banner.className = "alert alert-warning";
    banner.setAttribute("role", "status");
    banner.textContent = "The service does not answer. What is shown may be out of date; it is asked again.";
    document.getElementById("content").prepend(banner);
  } else if (!stale && banner) {
    banner.remove();
  }
}

// What is new is also said to those who do not see it; once.
let told = "";
function tell(words) {
  if (!words || words === told) return;
  told = words;
  let voice = document.getElementById("voice");
  if (!voice) {
    voice = document.createElement("p");
    voice.id = "voice";
    voice.className = "visually-hidden";
    voice.setAttribute("aria-live", "polite");
    document.body.append(voice);
  }
  voice.textContent = words;
}

document.querySelectorAll("[data-live]").forEach(keepUpToDate);

// ----------------------------------------------------------------------------------------------- copying
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.textContent;
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Clipboards are for https only: let the browser's own copying take what is marked.
    const range = document.createRange();
    range.selectNodeContents(source);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
    button.textContent = document.execCommand("copy") ? "Copied" : "Marked: press Ctrl+C";
  }
  tell(button.textContent);
  window.setTimeout(() => { button.textContent = words; }, 2500);
});

// --------------------------------------------------------------------------------- what is not done twice
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  if (form.method.toLowerCase() === "post") {
    // After the browser has taken the values: a disabled button would not be sent.
    const pressed = event.submitter;
    window.setTimeout(() => {
      form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
      if (!pressed?.dataset.busy) return;
      pressed.disabled = true;
      pressed.dataset.words = pressed.textContent;
      pressed.textContent = pressed.dataset.busy;
    });
  }
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("button[disabled]:not([data-off])").forEach((button) => {
    button.disabled = false;
    if (button.dataset.words) button.textContent = button.dataset.words;
  });
});

// ---------------------------------------------------------------------------------------------- keyboard
// j and k go through a list, / searches, g and a letter goes to a place, ? shows all keys.
let first = "";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && typing) { event.target.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = first ? `${first} ${event.key}` : event.key;
  first = "";
  if (pressed === "g") { first = "g"; window.setTimeout(() => { first = ""; }, 1500); return; }
  if (pressed === "j" || pressed === "k") { step(pressed === "j" ? 1 : -1, event); return; }
  if (pressed === "?") { showKeys(); event.preventDefault(); return; }
  const target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === pressed);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, textarea, select")) target.focus(); else target.click();
});

function step(by, event) {
  const lines = [...document.querySelectorAll("[data-lines] a[data-line]")];
  if (!lines.length) return;
  const at = lines.indexOf(document.activeElement);
  lines[Math.max(0, Math.min(lines.length - 1, at < 0 ? 0 : at + by))].focus();
  event.preventDefault();
}

function showKeys() {
  let box = document.getElementById("keys");
  if (!box) {
    box = document.createElement("dialog");
    box.id = "keys";
    box.setAttribute("aria-labelledby", "keys-title");
    const title = document.createElement("h2");
    title.id = "keys-title";
    title.textContent = "Keys";
    const list = document.createElement("dl");
    const add = (key, words) => {
      const term = document.createElement("dt");
      const meaning = document.createElement("dd");
      term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      meaning.textContent = words;
      list.append(term, meaning);
    };
    if (document.querySelector("[data-lines]")) add("j / k", "next, previous line");
    document.querySelectorAll("[data-key]").forEach((one) => add(one.dataset.key, one.dataset.keyWords || one.textContent.trim()));
    const close = Object.assign(document.createElement("button"), { className: "btn btn-secondary", textContent: "Close" });
    close.addEventListener("click", () => box.close());
    box.append(title, list, close);
    document.body.append(box);
  }
  box.showModal();
}
