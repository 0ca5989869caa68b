// Sends one file with its progress, and hands the stored id to the page: a hidden field changes.
const busy = new WeakSet();
export function send(form) {
  const file = form.elements.file, bar = form.querySelector("progress"), stored = form.elements.stored, button = form.querySelector("[type=submit]");
  if (busy.has(form)) return;
  if (!file.files.length && stored.value) return; // it went when it was chosen
  if (!file.files.length) { wrong(form, form.dataset.missing); file.focus(); return; }
  busy.add(form);
  wrong(form, "");
  bar.hidden = false; bar.removeAttribute("value");
  button.setAttribute("aria-busy", "true");
  const over = (words) => {
    busy.delete(form);
    bar.hidden = true;
    button.removeAttribute("aria-busy");
    if (words) { wrong(form, words); file.focus(); }
  };
  const call = new XMLHttpRequest();
  call.open("POST", form.action);
  call.setRequestHeader("accept", "application/json");
  call.responseType = "json";
  call.timeout = 300000;
  call.upload.onprogress = (e) => { if (e.lengthComputable) { bar.max = e.total; bar.value = e.loaded; } };
  call.onerror = call.ontimeout = call.onabort = () => over(form.dataset.failed);
  call.onload = () => {
    if (call.status === 401) { globalThis.location.reload(); return; } // signed out: the page leads to sign-in and back
    if (call.status !== 200 || !call.response?.id) { over(call.response?.detail || form.dataset.failed); return; }
    over("");
    stored.value = JSON.stringify(call.response);
    stored.dispatchEvent(new Event("input", { bubbles: true })); // what the client listens to for onChange
    file.value = ""; // the same file may be chosen again
  };
  call.send(new FormData(form));
}
function wrong(form, words) { // an element of ours: the app draws nothing inside it
  const place = form.querySelector("[data-error]"), file = form.elements.file;
  place.textContent = words;
  place.hidden = !words;
  file.toggleAttribute("aria-invalid", Boolean(words));
  if (words) file.setAttribute("aria-invalid", "true");
}
