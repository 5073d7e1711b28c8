const STEP_MS = 250;

/**
 * For each quarter of a second, the most cancellations that DLC received in any one second that ends in it.
 *
 * @param agoMs when each arrived, before now; the oldest first
 * @returns one number for each step of the window, the oldest first
 */
export function busiestBySteps(agoMs, windowMs) {
  const steps = Array.from({ length: Math.ceil(windowMs / STEP_MS) }, () => 0);
  let first = 0;
  for (const [index, ago] of agoMs.entries()) {
    while (agoMs[first] - ago >= 1000) first += 1;
    const at = steps.length - 1 - Math.floor(Math.max(ago, 0) / STEP_MS);
    if (at >= 0) steps[at] = Math.max(steps[at], index - first + 1);
  }
  return steps;
}
