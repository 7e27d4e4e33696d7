/* Checks of a rendered page that axe lacks; answers a list of complaints. */
() => {
  const complaints = [];
  const shown = el => el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const name = el => `${el.tagName.toLowerCase()}${el.id ? `#${el.id}` : ""}.${[...el.classList].join(".")} "${(el.getAttribute("aria-label") ?? el.textContent).trim().replace(/\s+/g, " ").slice(0, 40)}"`;

  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(el => el.getBoundingClientRect().right > innerWidth + 1 && shown(el)).slice(0, 3);
    complaints.push(`wider than the window: ${width} > ${innerWidth} ${wide.map(name).join(" | ")}`);
  }
  for (const el of document.querySelectorAll("[style]")) complaints.push(`inline style: ${name(el)} ${el.getAttribute("style")}`);
  const heads = [...document.querySelectorAll("h1")].filter(shown);
  if (heads.length !== 1) complaints.push(`${heads.length} h1`);

  // A link inside a sentence is exempt (WCAG 2.5.8), as are boxes whose label is the target and what only a reader hears.
  const modal = document.querySelector("dialog:modal");
  const targets = (modal ?? document).querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=option]");
  for (const el of targets) {
    if (!shown(el) || el.closest(".visually-hidden, .skip, [hidden]")) continue;
    let box = el.getBoundingClientRect();
    const label = el.matches("input[type=checkbox], input[type=radio]") && el.closest("label");
    if (label) box = label.getBoundingClientRect();
    if (box.width === 0 || box.width >= 23.5 && box.height >= 23.5) continue;
    const around = el.parentElement.textContent.trim().length - el.textContent.trim().length;
    if (el.matches("a") && getComputedStyle(el).display === "inline" && around > 1) continue;
    complaints.push(`target ${Math.round(box.width)}x${Math.round(box.height)}: ${name(el)}`);
  }
  return complaints;
}
