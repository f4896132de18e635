// Where two texts differ, word by word. Pure.

const MOST = 800; // words of each; beyond that nothing is marked

/** Two lists of [words, whether they are in this text alone], spaces kept. */
export function difference(one, other) {
  const a = one.match(/\S+\s*/g) ?? [];
  const b = other.match(/\S+\s*/g) ?? [];
  if (a.length > MOST || b.length > MOST) return [[[one, false]], [[other, false]]];
  const same = (i, j) => plain(a[i]) === plain(b[j]);
  // long[i][j]: how many words a from i and b from j have in common, in order
  const long = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      long[i][j] = same(i, j) ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
  const left = [];
  const right = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(i, j)) {
      add(left, a[i++], false);
      add(right, b[j++], false);
    } else if (j === b.length || (i < a.length && long[i + 1][j] >= long[i][j + 1])) add(left, a[i++], true);
    else add(right, b[j++], true);
  }
  return [left, right];
}

const plain = (word) => word.toLowerCase().replace(/[\s.,;:!?]+$/, '');

function add(list, word, differs) {
  const last = list.at(-1);
  if (last?.[1] === differs) last[0] += word;
  else list.push([word, differs]);
}
