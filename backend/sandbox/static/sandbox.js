// Keeps the figures and lists of the open page current; forms and what is typed in them stay untouched.
const PAUSE = 1500;

async function refresh() {
  if (document.hidden || document.querySelector("[data-live] :focus")) return;
  const answer = await fetch(location.pathname + location.search);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
    if (next && next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
  }
}

if (document.querySelector("[data-live]")) {
  const again = () => refresh().catch(() => {}).finally(() => setTimeout(again, PAUSE));
  setTimeout(again, PAUSE);
}
