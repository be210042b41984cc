// A source's page: where there is no image of the page, its text is enough.

export function hideMissingImages(root) {
  for (const image of root.querySelectorAll("[data-hide-on-error]")) {
    image.addEventListener("error", () => image.remove());
    if (image.complete && !image.naturalWidth && image.src) image.remove();
  }
}

hideMissingImages(document);
document.getElementById("span")?.scrollIntoView({ block: "center" });
