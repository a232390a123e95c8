// The local console: asks for the state once a second, draws the pieces of HTML the server made, and sends
// clicks, forms and commands. It writes text as text only; the server escapes what it draws.
"use strict";

const byId = (id) => document.getElementById(id);
const texts = document.body.dataset;
const as = byId("as"), nav = byId("nav"), items = byId("items"), dialog = byId("dialog");
const POLL = 1000, TOAST = 7000;
const kept = (name, otherwise) => { try { return JSON.parse(localStorage.getItem(`npsbot.${name}`)) ?? otherwise; } catch { return otherwise; } };
const keep = (name, value) => { try { localStorage.setItem(`npsbot.${name}`, JSON.stringify(value)); } catch { /* private window */ } };

let place = kept("place", ""), version = "", asking = 0, offline = false, people = "";
const seen = kept("seen", {});
const asides = new Map(); // place and person -> what only this person sees, until the page is loaded again
let origin = null; // the message or aside whose button opened the dialog

const asideKey = () => `${as.value} ${place}`;
const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

// ---- state

async function refresh(all) {
  const asked = ++asking;
  if (all) version = "";
  const query = new URLSearchParams({ as: as.value, place, typed: byId("search").value, version });
  let response;
  try {
    response = await fetch(`/console/state?${query}`);
    if (!response.ok) throw new Error(response.status);
  } catch {
    if (!offline) toast(texts.offline, true);
    offline = true;
    return;
  }
  if (offline) document.querySelectorAll(".toast.offline").forEach((each) => each.remove());
  offline = false;
  if (response.status === 204) return;
  const state = await response.json();
  if (asked !== asking) return; // an older answer, overtaken by a newer question
  if (state.language !== document.documentElement.lang) {
    // The page's own words are those of whoever acts.
    location.replace(`/console?as=${encodeURIComponent(as.value)}`);
    return;
  }
  version = state.version;
  showPeople(state.people);
  nav.innerHTML = state.nav;
  byId("title").textContent = state.title;
  byId("shared").hidden = !state.shared;
  showItems(state);
  markPlaces();
}

function showPeople(html) {
  if (html === people) return;
  people = html;
  const chosen = as.value;
  as.innerHTML = html;
  as.value = chosen;
  if (as.selectedIndex < 0) as.selectedIndex = 0;
}

function showItems(state) {
  const atEnd = items.scrollTop + items.clientHeight >= items.scrollHeight - 60;
  const first = items.dataset.place !== state.place;
  const fresh = first || items.querySelector(".empty") ? new Map() : new Map([...items.children].map((each) => [each.dataset.item, each]));
  if (!fresh.size) items.replaceChildren();
  items.dataset.place = state.place;
  let before = null;
  for (const item of state.items) {
    let shown = fresh.get(item.id);
    if (!shown || shown.dataset.stamp !== item.stamp) {
      const made = element("div", "item");
      made.dataset.item = item.id;
      made.dataset.stamp = item.stamp;
      made.innerHTML = item.html;
      if (shown) shown.replaceWith(made);
      else if (!first && before) made.classList.add("arrived");
      shown = made;
    }
    if (before ? before.nextElementSibling !== shown : items.firstElementChild !== shown) before ? before.after(shown) : items.prepend(shown);
    before = shown;
    fresh.delete(item.id);
  }
  fresh.forEach((gone) => gone.remove());
  if (!state.items.length) items.append(element("p", "empty", state.empty));
  (asides.get(asideKey()) ?? []).forEach((aside) => items.append(aside));
  if (state.place !== "inbox" && (first || atEnd)) toEnd();
  if (state.place === "inbox" && first) items.scrollTop = 0;
}

function toEnd() {
  items.scrollTop = items.scrollHeight;
  // Pictures that come late make the page longer.
  items.querySelectorAll("img").forEach((img) => img.complete || img.addEventListener("load", () => { items.scrollTop = items.scrollHeight; }, { once: true }));
}

function markPlaces() {
  nav.querySelectorAll("[data-place]").forEach((button) => {
    const last = Number(button.dataset.last);
    const here = button.dataset.place === place;
    if (here || !(button.dataset.place in seen)) seen[button.dataset.place] = here ? last : (seen.known ? 0 : last);
    button.toggleAttribute("aria-current", here);
    button.querySelector(".unread").hidden = here || last <= (seen[button.dataset.place] ?? 0);
  });
  seen.known = 1;
  keep("seen", seen);
}

function go(to) {
  place = to;
  keep("place", place);
  document.body.classList.remove("side-open");
  byId("open-side").setAttribute("aria-expanded", "false");
  byId("reader").hidden = true;
  document.body.classList.remove("reading");
  document.body.classList.toggle("inbox", place === "inbox");
  byId("search").hidden = place !== "inbox";
  byId("command").hidden = place === "inbox" || Boolean(as.selectedOptions[0]?.hasAttribute("data-contact"));
  return refresh(true);
}

function actAs() {
  keep("as", as.value);
  const contact = as.selectedOptions[0]?.hasAttribute("data-contact");
  if (contact) go("inbox");
  else go(place && !(place.includes("@")) && place !== "inbox" ? place : `console:${as.value}`);
}

// ---- what the server answers

async function post(path, data) {
  try {
    const response = await fetch(`/console/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ as: as.value, place, ...data }),
    });
    if (!response.ok) throw new Error(response.status);
    return await response.json();
  } catch {
    toast(texts.offline);
    return { kind: "failed" };
  }
}

function take(reply, from) {
  if (reply.kind === "card" || reply.kind === "aside") {
    const replaced = reply.kind === "card" && from?.classList.contains("aside") ? from : null;
    showAside(reply.html, replaced);
  } else if (reply.kind === "form") {
    openForm(reply.html, from);
  } else if (reply.kind === "whisper") {
    toast(reply.words);
  }
  if (reply.kind !== "failed") refresh(true);
}

function showAside(html, replaced, typed) {
  const aside = element("div", "item aside");
  if (typed) aside.append(element("p", "typed", typed));
  if (html) {
    const head = element("div", "who");
    head.append(element("span", "bot", "n"), element("b", "", "npsbot"), element("span", "only", texts.onlyYou));
    const close = element("button", "close", "×");
    close.type = "button";
    close.setAttribute("aria-label", texts.close);
    close.dataset.dismiss = "";
    head.append(close);
    const body = element("div");
    body.innerHTML = html;
    aside.append(head, body);
    // Many replies say so themselves.
    const said = body.querySelector(".status")?.textContent.toLowerCase() === texts.onlyYou.toLowerCase();
    head.querySelector(".only").hidden = said;
  }
  const list = asides.get(asideKey()) ?? [];
  asides.set(asideKey(), list);
  if (replaced && list.includes(replaced)) {
    list[list.indexOf(replaced)] = aside;
    replaced.replaceWith(aside);
  } else {
    list.push(aside);
    items.querySelector(".empty")?.remove();
    items.append(aside);
    toEnd();
  }
  return aside;
}

function toast(words, stays) {
  const made = element("div", stays ? "toast offline" : "toast", words);
  byId("toasts").append(made);
  if (!stays) setTimeout(() => made.remove(), Math.max(TOAST, words.length * 80));
}

// ---- clicks

document.addEventListener("click", async (event) => {
  event.target.closest(".toast:not(.offline)")?.remove();
  const target = event.target.closest("button");
  document.querySelectorAll("[data-menu][aria-expanded=true]").forEach((open) => open !== target && toggleMenu(open, false));
  if (!target) return;
  const data = target.dataset;
  if (data.place !== undefined) go(data.place);
  else if (data.mail !== undefined) readMail(target);
  else if (data.menu !== undefined) toggleMenu(target, target.getAttribute("aria-expanded") !== "true");
  else if (data.goto !== undefined) goTo(data.goto);
  else if (data.dismiss !== undefined) dismiss(target.closest(".aside"));
  else if (data.close !== undefined) dialog.close();
  else if (data.action !== undefined) await press(target);
});

async function press(button) {
  const { action, value, confirm } = button.dataset;
  const from = button.closest("[data-message]") ?? button.closest(".aside");
  if (confirm && !(await sure(confirm, button))) return;
  button.disabled = true;
  const reply = await post("click", { action, value, message: from?.dataset.message });
  button.disabled = false;
  take(reply, from);
}

function toggleMenu(button, open) {
  button.setAttribute("aria-expanded", String(open));
  button.nextElementSibling.hidden = !open;
  if (open) button.nextElementSibling.querySelector("button")?.focus();
}

function goTo(id) {
  const message = byId(id);
  message?.scrollIntoView({ block: "center" });
  message?.classList.add("found");
  setTimeout(() => message?.classList.remove("found"), 1500);
}

function dismiss(aside) {
  const list = asides.get(asideKey()) ?? [];
  asides.set(asideKey(), list.filter((each) => each !== aside));
  aside.remove();
}

function readMail(row) {
  items.querySelectorAll("[aria-current]").forEach((each) => each.removeAttribute("aria-current"));
  row.setAttribute("aria-current", "true");
  byId("reader").hidden = false;
  document.body.classList.add("reading");
  byId("mail").src = `/console/mail/${row.dataset.mail}`;
}

function sure(words, button) {
  return new Promise((answer) => {
    const form = element("form");
    form.method = "dialog";
    const buttons = element("div", "buttons end");
    const no = element("button", "button plain", texts.no);
    const yes = element("button", `button ${button.classList.contains("danger") ? "danger" : "primary"}`, texts.yes);
    no.value = "no";
    yes.value = "yes";
    buttons.append(no, yes);
    form.append(element("p", "sure", words), buttons);
    form.addEventListener("submit", (event) => {
      event.preventDefault(); // the page's own rules allow no form to go anywhere
      dialog.close(event.submitter.value);
    });
    dialog.replaceChildren(form);
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
    yes.focus();
  });
}

// ---- forms

function openForm(html, from) {
  origin = from ?? null;
  dialog.innerHTML = html;
  const form = dialog.querySelector("form");
  form.noValidate = true;
  form.addEventListener("submit", submit);
  dialog.showModal();
  form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const missing = check(form);
  if (missing) return;
  const inputs = {};
  for (const field of form.querySelectorAll("[data-field]")) {
    const name = field.dataset.field;
    const given = new FormData(form).getAll(name).map(String);
    inputs[name] = field.dataset.kind === "choices" ? given : given[0] ?? "";
  }
  const send = form.querySelector("[type=submit]");
  send.disabled = true;
  const from = origin;
  const reply = await post("submit", { action: form.dataset.action, value: form.dataset.value, inputs, message: from?.dataset.message });
  send.disabled = false;
  if (reply.kind === "failed") return;
  if (reply.kind === "errors") {
    clearErrors(form);
    Object.entries(reply.errors).forEach(([name, words]) => showError(form, name, words));
    form.querySelector("[aria-invalid=true]")?.focus();
    return;
  }
  dialog.close();
  take(reply, from);
}

function check(form) {
  clearErrors(form);
  for (const field of form.querySelectorAll("[data-field]")) {
    const control = field.querySelector("input:not([type=hidden]), select, textarea");
    const hidden = field.querySelector("input[type=hidden]");
    if (hidden && control.value && !hidden.value) showError(form, field.dataset.field, texts.choose);
    else if (control && !control.checkValidity()) showError(form, field.dataset.field, control.validity.valueMissing ? texts.required : control.validationMessage);
  }
  const wrong = form.querySelector("[aria-invalid=true]");
  wrong?.focus();
  return wrong;
}

function clearErrors(form) {
  form.querySelectorAll(".error").forEach((each) => { each.hidden = true; });
  form.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
}

function showError(form, name, words) {
  const field = [...form.querySelectorAll("[data-field]")].find((each) => each.dataset.field === name);
  if (!field) { toast(words); return; }
  const error = field.querySelector(".error");
  error.textContent = words;
  error.hidden = false;
  field.querySelector("input:not([type=hidden]), select, textarea")?.setAttribute("aria-invalid", "true");
}

// ---- names that are completed while they are typed

let typing = 0;
dialog.addEventListener("input", (event) => {
  const input = event.target;
  if (!input.dataset?.lookup) return;
  input.parentElement.querySelector("input[type=hidden]").value = "";
  suggest(input);
});
dialog.addEventListener("focusin", (event) => event.target.dataset?.lookup && suggest(event.target));
dialog.addEventListener("focusout", (event) => event.target.dataset?.lookup && close(event.target));
dialog.addEventListener("mousedown", (event) => {
  const option = event.target.closest("[role=option]");
  if (!option) return;
  event.preventDefault();
  choose(option);
});
dialog.addEventListener("keydown", (event) => {
  const input = event.target;
  if (!input.dataset?.lookup) return;
  const list = input.parentElement.querySelector("[role=listbox]");
  if (list.hidden) return;
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length];
    options.forEach((each) => each.setAttribute("aria-selected", String(each === next)));
    if (next) input.setAttribute("aria-activedescendant", next.id);
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && options.length) {
    event.preventDefault();
    choose(options[Math.max(at, 0)]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(input);
  }
});

async function suggest(input) {
  const asked = ++typing;
  const query = new URLSearchParams({ as: as.value, kind: input.dataset.lookup, typed: input.value });
  const response = await fetch(`/console/lookup?${query}`).catch(() => null);
  if (!response?.ok || asked !== typing || document.activeElement !== input) return;
  const list = input.parentElement.querySelector("[role=listbox]");
  const found = await response.json();
  list.replaceChildren(...found.map((choice, number) => {
    const option = element("li", "", choice.label);
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(number === 0));
    option.id = `${list.id}-${number}`;
    option.dataset.value = choice.value;
    if (choice.hint) option.append(element("small", "", choice.hint));
    return option;
  }));
  if (!found.length) list.append(element("li", "none", texts.nothing));
  list.hidden = false;
  list.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-expanded", "true");
}

function choose(option) {
  const box = option.closest(".lookup");
  const input = box.querySelector("[data-lookup]");
  input.value = option.firstChild.textContent;
  box.querySelector("input[type=hidden]").value = option.dataset.value;
  close(input);
}

function close(input) {
  typing += 1;
  input.parentElement.querySelector("[role=listbox]").hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

// ---- the rest of the page

const said = kept("said", []);
let back = said.length;
byId("command").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = byId("words").value.trim();
  if (!words) return;
  const typed = words.startsWith("/") ? words : `/nps ${words}`;
  byId("words").value = "";
  said.push(words);
  keep("said", said.slice(-50));
  back = said.length;
  showAside("", null, `${as.selectedOptions[0].textContent.split(" · ")[0]}: ${typed}`);
  take(await post("command", { text: typed }), null);
});
byId("words").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  back = Math.min(Math.max(back + (event.key === "ArrowUp" ? -1 : 1), 0), said.length);
  byId("words").value = said[back] ?? "";
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("[data-menu][aria-expanded=true]").forEach((open) => { toggleMenu(open, false); open.focus(); });
  document.body.classList.remove("side-open");
});
byId("open-side").addEventListener("click", () => {
  const open = document.body.classList.toggle("side-open");
  byId("open-side").setAttribute("aria-expanded", String(open));
});
byId("back").addEventListener("click", () => {
  byId("reader").hidden = true;
  document.body.classList.remove("reading");
});
let searching;
byId("search").addEventListener("input", () => {
  clearTimeout(searching);
  searching = setTimeout(() => refresh(true), 200);
});
as.addEventListener("change", actAs);

const wanted = new URLSearchParams(location.search).get("as") ?? kept("as", "");
history.replaceState(null, "", "/console");
const known = [...as.options].find((option) => option.value === wanted) ?? as.querySelector("[data-lead]") ?? as.options[0];
if (known) as.value = known.value;
go(place || `console:${as.value}`);
setInterval(() => { if (!document.hidden) refresh(false); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(false); });
