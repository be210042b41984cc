// The monitoring page renews itself while somebody looks.

const box = document.querySelector("[data-live]");
const SECONDS = 5;

async function renew() {
  if (document.hidden) return;
  const response = await fetch(box.dataset.live).catch(() => null);
  // Made and escaped by the server, like the page itself.
  if (response?.ok && response.headers.get("content-type").startsWith("text/html")) box.innerHTML = await response.text();
}

if (box) setInterval(renew, SECONDS * 1000);
