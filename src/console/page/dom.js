/** Reaching into the page. What is there already is not written again: the browser need not look at it. */

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function find(selector, type) {
  const element = document.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`The page has no ${type.name} at ${selector}`);
}

/** @param {string} id */
export function byId(id) {
  return find(`#${id}`, HTMLElement);
}

/**
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 */
export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ text?: string, className?: string }} [options]
 * @param {...Node} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, { text, className } = {}, ...children) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className !== undefined) element.className = className;
  element.append(...children);
  return element;
}

/**
 * Shows a list whose items do not change once they are there; drawn anew only when what it shows is another.
 *
 * @template T
 * @param {HTMLElement} list
 * @param {readonly T[]} items
 * @param {{ keyOf: (item: T) => string, draw: (item: T) => Node, empty: string }} options
 */
export function showList(list, items, { keyOf, draw, empty }) {
  const key = items.map(keyOf).join("\n");
  if (list.dataset["shown"] === key) return;
  list.dataset["shown"] = key;
  const nodes = items.length > 0
    ? items.map(draw)
    : [make("li", { text: empty, className: "quiet" })];
  list.replaceChildren(...nodes);
}
