import { ZH } from './zh.js';

// The page's two languages. English stands where it is used, and is the key of the table of the others.

const wanted =
  new URLSearchParams(globalThis.location?.search).get('lang') ?? globalThis.navigator?.language;

/** `en`, or `zh-CN`: as `?lang=` has it, else as the browser prefers. */
export const language = wanted?.startsWith('zh') ? 'zh-CN' : 'en';

/** A text in the language of the page, with `{name}` replaced by the value of that name. */
export function t(text, values = {}) {
  return translation(text).replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);
}

function translation(text) {
  if (language === 'en') return text;
  if (!ZH[text]) reportError(new Error(`no Chinese for: ${text}`));
  return ZH[text] ?? text;
}

/** Puts the page into its language: every element with `data-t`, every label; links keep the language. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-t]')) {
    element.innerHTML = t(element.innerHTML.replaceAll(/\s+/g, ' ').trim());
  }
  for (const element of document.querySelectorAll('[aria-label]')) {
    element.ariaLabel = t(element.ariaLabel);
  }
  for (const link of document.querySelectorAll('nav [lang]')) {
    if (link.lang === language) link.setAttribute('aria-current', 'true');
  }
  document.getElementById('other-page').search = location.search;
}
