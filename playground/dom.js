// Helpers for the elements of the page.

/** @returns the element of this id; @throws Error if the page has none */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`there is no #${id}`);
  return element;
}

/** Makes an element, without the attributes that are `undefined`. */
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

/** Writes a text if it is not there yet, so that screen readers say it once. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The tabs pattern of the ARIA Authoring Practices: arrows, Home and End move the focus and choose.
 *
 * @param list the element with `role=tablist`
 * @param choose called with the chosen tab, at once with the first one
 */
export function tabs(list, choose) {
  const all = [...list.querySelectorAll('[role=tab]')];

  function show(chosen) {
    for (const tab of all) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    choose(chosen);
  }

  const moves = {
    ArrowRight: (index) => (index + 1) % all.length,
    ArrowLeft: (index) => (index + all.length - 1) % all.length,
    Home: () => 0,
    End: () => all.length - 1,
  };
  for (const [index, tab] of all.entries()) {
    tab.addEventListener('click', () => show(tab));
    tab.addEventListener('keydown', (event) => {
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      const next = all[move(index)];
      next.focus();
      show(next);
    });
  }
  show(all[0]);
}
