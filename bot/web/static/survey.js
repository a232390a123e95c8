// The page works without this. It writes the chosen number on the button, keeps what a person chose
// but did not send yet (never counted), and tells when a saved page is left.
"use strict";
(() => {
  const form = document.getElementById("survey");
  if (!form) return;
  const field = (name) => form.elements.namedItem(name);
  const token = field("form").value;
  const provisionalAfter = 5000; // milliseconds the page was visible

  const chosen = () => form.querySelector("input[name=score]:checked");
  let staying = false;
  form.addEventListener("submit", () => { staying = true; });
  for (const link of document.querySelectorAll("a[data-stay]")) {
    link.addEventListener("click", () => { staying = true; });
  }
  window.addEventListener("pageshow", () => { staying = false; });

  if ("send" in form.dataset) {
    form.dataset.live = "";
    const number = form.querySelector(".send-chosen");
    const any = form.querySelector(".send-any");
    const label = () => {
      const input = chosen();
      const scored = input !== null && !("other" in input.dataset);
      if (scored) number.textContent = form.dataset.send.replace("#", input.value);
      number.hidden = !scored;
      any.hidden = scored;
    };
    form.addEventListener("change", label);
    window.addEventListener("pageshow", label);
    label();
  }

  if ("provisional" in form.dataset && !("answered" in form.dataset)) {
    let person = false;
    let seen = 0;
    let kept = null;
    const keep = () => {
      const input = chosen();
      if (!person || seen < provisionalAfter || input === null || input.value === kept || staying) return;
      kept = input.value;
      const body = new URLSearchParams({ form: token, score: input.value });
      fetch(form.dataset.provisional, { method: "POST", body, keepalive: true }).catch(() => { kept = null; });
    };
    for (const kind of ["pointerdown", "pointermove", "keydown", "touchstart"]) {
      window.addEventListener(kind, (event) => {
        if (event.isTrusted) { person = true; keep(); }
      }, { passive: true });
    }
    const step = 250;
    window.setInterval(() => {
      if (document.visibilityState === "visible") { seen += step; keep(); }
    }, step);
  }

  if ("saved" in form.dataset) {
    window.addEventListener("pagehide", () => {
      if (staying) return;
      navigator.sendBeacon(form.action, new URLSearchParams({ form: token, left: "1" }));
    });
  }
})();
