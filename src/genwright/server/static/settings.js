// Copying a key that is shown once.

import { toast } from "./app.js";

document.documentElement.classList.add("scripted");
const button = document.querySelector("[data-copy-secret]");
button?.addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.getElementById("secret").textContent);
  toast("Copied");
});
