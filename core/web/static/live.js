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
        if (answer.status === 401) {
          if (!somethingIsTyped()) { window.location.reload(); return; }
          showBanner("signed-out", "You are signed out. Sign in in another tab, and what you have typed can be sent from here.");
        } else {
          hideBanner("signed-out");
        }
        sign(answer.headers.get("X-Form-Token"));
        if (answer.status === 200) {
          version = answer.headers.get("ETag") || "";
          renew(part, await answer.text());
        }
        failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
      } catch {
        failures += 1;
      }
      if (failures >= 3) {
        showBanner("stale", "The service does not answer. What is shown may be out of date; it is asked again.");
      } else {
        hideBanner("stale");
      }
    }
    window.setTimeout(look, 1000 * seconds * Math.min(8, 2 ** failures));
  }
  window.setTimeout(look, 1000 * seconds);
}

// data-follow="#place": what somebody has in view stays there when the page grows above it.
// The whole part is renewed or, of one with islands, those things in it that have the same id.
function renew(part, html) {
  const followed = part.dataset.follow && document.querySelector(part.dataset.follow);
  const follows = followed && isInView(followed);
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  keepFocus(() => {
    if (part.dataset.islands === undefined) {
      renewChildren(part, fresh.content);
      return;
    }
    for (const child of fresh.content.children) {
      const before = child.id && document.getElementById(child.id);
      if (before) renewElement(before, child);
    }
  });
  if (follows) followed.scrollIntoView({ block: "nearest" });
  tell(part.querySelector("[data-news]")?.dataset.news);
}

// A node that is moved loses the focus, and the next letters would be taken for commands.
function keepFocus(change) {
  const focused = document.activeElement;
  const marked = focused && typeof focused.selectionStart === "number" ? [focused.selectionStart, focused.selectionEnd] : null;
  change();
  if (!focused || focused === document.body || focused === document.activeElement || !focused.isConnected) return;
  focused.focus({ preventScroll: true });
  if (marked) focused.setSelectionRange(...marked);
}

// What is there becomes what is fresh, node by node: only what differs is touched, so that what somebody has focused,
// opened, marked or typed stays as it is.
function renewElement(element, fresh) {
  if (element.isEqualNode(fresh) || isWorkedOn(element)) return;
  for (const { name, value } of fresh.attributes) {
    if (!isTheirs(element, name) && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  for (const { name } of [...element.attributes]) {
    if (!isTheirs(element, name) && !fresh.hasAttribute(name)) element.removeAttribute(name);
  }
  renewChildren(element, fresh);
}

// What somebody has opened, and a button that is off because it was pressed, are not the server's to tell.
function isTheirs(element, attribute) {
  return (attribute === "open" && element.tagName === "DETAILS")
    || (attribute === "disabled" && element.tagName === "BUTTON" && element.dataset.off === undefined);
}

function renewChildren(parent, fresh) {
  const before = [...parent.childNodes];
  const after = [...fresh.childNodes];
  const named = new Map(before.filter((node) => node.id).map((node) => [node.id, node]));
  const nameless = before.filter((node) => !node.id);
  const matches = after.map((node) => {
    if (node.id) {
      const same = named.get(node.id);
      return same && same.tagName === node.tagName ? same : undefined;
    }
    const place = nameless.findIndex((other) => other.nodeName === node.nodeName);
    return place < 0 ? undefined : nameless.splice(0, place + 1).at(-1);
  });
  const stay = new Set(matches);
  for (const node of before) {
    if (stay.has(node)) continue;
    if (node.nodeType === Node.ELEMENT_NODE && isWorkedOn(node)) outlive(node); else node.remove();
  }
  let place = parent.firstChild;
  after.forEach((node, index) => {
    while (place && !stay.has(place)) place = place.nextSibling;
    const same = matches[index];
    if (!same) {
      parent.insertBefore(node, place);
      return;
    }
    if (same === place) place = place.nextSibling; else parent.insertBefore(same, place);
    if (same.nodeType === Node.ELEMENT_NODE) renewElement(same, node);
    else if (same.data !== node.data) same.data = node.data;
  });
}

// What they are writing stays as they wrote it.
function isWorkedOn(element) {
  return element.dataset.keep !== undefined
    && (element.contains(document.activeElement) || [...element.querySelectorAll("textarea")].some(isTyped));
}

function isTyped(field) {
  return field.value !== field.defaultValue;
}

function somethingIsTyped() {
  return [...document.querySelectorAll("textarea")].some(isTyped);
}

// What they are writing is no longer there for others: they are told, and keep their words.
function outlive(element) {
  if (element.querySelector(".outlived")) return;
  const words = document.createElement("p");
  words.className = "outlived alert alert-warning";
  words.setAttribute("role", "status");
  words.textContent = element.dataset.keep;
  element.prepend(words);
}

function isInView(element) {
  const box = element.getBoundingClientRect();
  return box.top < window.innerHeight && box.bottom > 0;
}

// Forms that were there before another sign-in are good for this one.
function sign(token) {
  if (token) document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = token; });
}

function showBanner(id, words) {
  if (document.getElementById(id)) return;
  const banner = document.createElement("p");
  banner.id = id;
  banner.className = "alert alert-warning";
  banner.setAttribute("role", "status");
  banner.textContent = words;
  document.getElementById("content").prepend(banner);
}

function hideBanner(id) {
  document.getElementById(id)?.remove();
}

// What is new is also said to those who do not see it; once, and not what was there when the page was opened.
let told = document.querySelector("[data-news]")?.dataset.news || "";
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
  // Not form.method: a form may have a field of that name.
  if ((form.getAttribute("method") || "").toLowerCase() === "post") {
    // After the browser has taken the values: a disabled button would not be sent.
    const pressed = event.submitter;
    window.setTimeout(() => {
      [...form.elements].filter((one) => one.tagName === "BUTTON").forEach((button) => { button.disabled = true; });
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
  // Whoever is writing has only left the field: a letter must not close the conversation.
  if (target.tagName === "BUTTON" && somethingIsTyped()) return;
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
