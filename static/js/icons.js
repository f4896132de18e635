// The icons that the page draws: each a function that makes one.

import { icon } from './dom.js';

const drawn = (paths) => () => icon(paths);

export const X = drawn('M6 6l12 12M18 6L6 18');
export const CHECK = drawn('M4.5 12.5l5 5 10-11');
export const WAIT = drawn('M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z');
export const WARN = drawn('M12 9v4.5M12 17h.01M10.3 4.2L2.6 17.6A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-2.9L13.7 4.2a2 2 0 0 0-3.4 0Z');
export const OFF = drawn('M5.6 5.6l12.8 12.8M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z');
export const SEND = drawn('M12 19V5M5.5 11.5L12 5l6.5 6.5');
export const GRID = drawn('M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z');
export const SLIDERS = drawn('M4 7h9m4 0h3M4 17h3m4 0h9M17 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM11 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z');
export const COPY = drawn('M9 9h10.5v10.5H9zM5.5 15H4.5V4.5H15v1');
export const EDIT = drawn('M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19Z');
export const DICE = drawn('M20 11a8 8 0 1 0-.7 4.5M20.5 5v6h-6');
export const DOWN = drawn('M12 4v11m-5-4.5l5 5 5-5M4.5 20h15');
export const EXPAND = drawn('M14.5 4H20v5.5M9.5 20H4v-5.5M20 4l-6.5 6.5M4 20l6.5-6.5');
export const SAME = drawn('M5 9h14M5 15h14');
export const MIC = drawn('M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3');
export const PEN = drawn('M4 7h16M4 12h16M4 17h9');
export const PICTURE = drawn('M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9h.01');
