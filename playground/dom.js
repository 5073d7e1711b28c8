// What the other modules make pages with.

/** @returns the element of this id; a page without it is a mistake */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`there is no #${id}`);
  return element;
}

/** Makes an element; `undefined` attributes are left out. */
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. The page's policy allows no style attributes: colours are classes. */
export function makeSvg(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Writes a text where it is not there yet, so that screen readers say it once. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
