// Mail addresses as their owners write them: browsers and servers carry the letters of other scripts as `xn--…`.

/** `grüße@müller.example` of `grüße@xn--mller-kva.example`. */
export function mailAsWritten(address: string): string {
  const at = address.lastIndexOf("@");
  const labels = address.slice(at + 1).split(".");
  const domain = labels.map((label) =>
    label.toLowerCase().startsWith("xn--") ? (decoded(label.slice(4)) ?? label) : label,
  );
  return `${address.slice(0, at + 1)}${domain.join(".")}`;
}

/** The same address in the letters that mail servers take. */
export function mailToSend(address: string): string {
  const at = address.lastIndexOf("@");
  try {
    const domain = address.slice(at + 1);
    // Plain letters stay as they were written.
    if (/^[\x20-\x7e]*$/.test(domain)) return address;
    return `${address.slice(0, at + 1)}${new URL(`http://${domain}`).hostname}`;
  } catch {
    return address;
  }
}

/** The parameters of Punycode (RFC 3492). */
const BASE = 36;
const LEAST = 1;
const MOST = 26;
const SKEW = 38;
const DAMP = 700;

function adapted(delta: number, count: number, first: boolean): number {
  let rest = Math.floor(first ? delta / DAMP : delta / 2);
  rest += Math.floor(rest / count);
  let k = 0;
  for (; rest > ((BASE - LEAST) * MOST) / 2; k += BASE) rest = Math.floor(rest / (BASE - LEAST));
  return k + Math.floor(((BASE - LEAST + 1) * rest) / (rest + SKEW));
}

/** A label without its `xn--`, or null where it is none. */
function decoded(label: string): string | null {
  const cut = label.lastIndexOf("-");
  const letters = [...label.slice(0, Math.max(0, cut))].map((one) => one.codePointAt(0) ?? 0);
  let [code, bias, index, at] = [128, 72, 0, cut + 1];
  while (at < label.length) {
    const before = index;
    for (let [weight, k] = [1, BASE]; ; k += BASE) {
      const digit = digitOf(label.charCodeAt(at));
      at += 1;
      if (digit === null) return null;
      index += digit * weight;
      const threshold = Math.min(MOST, Math.max(LEAST, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const count = letters.length + 1;
    bias = adapted(index - before, count, before === 0);
    code += Math.floor(index / count);
    index %= count;
    if (code > 0x10ffff) return null;
    letters.splice(index, 0, code);
    index += 1;
  }
  const written = String.fromCodePoint(...letters);
  // What looks like part of an address, or cannot be seen, stays as it is.
  return /^[\p{L}\p{M}\p{N}-]+$/u.test(written) ? written : null;
}

function digitOf(char: number): number | null {
  if (char >= 48 && char <= 57) return char - 22;
  const lower = char | 32;
  return lower >= 97 && lower <= 122 ? lower - 97 : null;
}
