// The rating queue by keyboard: 1 to 5 rate, u and d are thumbs, n is next, c goes to the correction.

const form = document.querySelector("[data-rate]");

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("textarea, input, select");
  if (event.key === "Escape" && typing) typing.blur();
  if (!form || typing || event.metaKey || event.ctrlKey || event.altKey) return;
  const thumbs = { u: "1", d: "-1" };
  let button = null;
  if (/^[1-5]$/.test(event.key)) button = form.querySelector(`[name="rating"][value="${event.key}"]`);
  if (event.key in thumbs) button = form.querySelector(`[name="thumb"][value="${thumbs[event.key]}"]`);
  if (button) form.requestSubmit(button);
  if (event.key === "n") document.querySelector("[data-skip]").click();
  if (event.key === "c") {
    event.preventDefault();
    document.getElementById("correction").focus();
  }
});
