/**
 * The tabs pattern of the ARIA Authoring Practices: arrows, Home and End move, and choose at once.
 *
 * @param list the element with `role=tablist`
 * @param choose told of the tab chosen, first of the one that is chosen at the start
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
