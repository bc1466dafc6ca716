// Every dependency's licence must be one that an Apache-2.0 program may ship: Rust's from `cargo metadata`, Node's from
// the lock files. Says what is not, and by whom it comes in; exits 1 if anything is not.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CC0-1.0",
  "CDLA-Permissive-2.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0", // by file: used as it is, never changed here
  "Python-2.0",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
]);

/** Whether an SPDX expression can be met by allowed licences alone. Older crates write `/` for OR. */
function allowed(expression) {
  const tokens = expression.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  const either = () => {
    let met = both();
    while (tokens[0] === "OR") {
      tokens.shift();
      met = both() || met;
    }
    return met;
  };
  const both = () => {
    let met = one();
    while (tokens[0] === "AND") {
      tokens.shift();
      met = one() && met;
    }
    return met;
  };
  const one = () => {
    const token = tokens.shift();
    if (token === "(") {
      const met = either();
      return tokens.shift() === ")" && met;
    }
    if (tokens[0] !== "WITH") return ALLOWED.has(token);
    tokens.shift();
    return ALLOWED.has(`${token} WITH ${tokens.shift()}`);
  };
  return either() && tokens.length === 0;
}

const run = (program, ...args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });

function* crates() {
  const { packages } = JSON.parse(run("cargo", "metadata", "--format-version=1", "--locked"));
  for (const { name, version, license } of packages) yield { name: `${name} ${version} (crate)`, license };
}

function* nodePackages() {
  for (const lock of run("git", "ls-files", "package-lock.json", "*/package-lock.json").trim().split("\n")) {
    if (!lock) continue;
    const { packages } = JSON.parse(readFileSync(lock, "utf8"));
    for (const [place, entry] of Object.entries(packages)) {
      if (!place || entry.link) continue;
      const license = entry.license ?? installedLicence(join(dirname(lock), place));
      yield { name: `${place.split("node_modules/").pop()} ${entry.version} (${lock})`, license };
    }
  }
}

/** Some packages' licence stands in their own manifest only, in older ones as a list to choose from. */
function installedLicence(folder) {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return undefined;
  const { license, licenses } = JSON.parse(readFileSync(manifest, "utf8"));
  return license ?? licenses?.map(({ type }) => type).join(" OR ");
}

// The rule itself, checked each time: it is short, and a mistake in it would let everything through.
const RULES = { MIT: true, "GPL-3.0": false, "MIT/GPL-3.0": true, "MIT AND GPL-3.0": false };
Object.assign(RULES, { "(MIT OR GPL-3.0) AND ISC": true, "MIT MIT": false, "(MIT": false, "": false });
for (const [expression, expected] of Object.entries(RULES)) {
  if (allowed(expression) !== expected) throw new Error(`the rule misjudges \`${expression}\``);
}

const all = [...crates(), ...nodePackages()];
const refused = all.filter(({ license }) => typeof license !== "string" || !allowed(license));
for (const { name, license } of refused) console.error(`licence \`${license ?? "none stated"}\`: ${name}`);
console.log(`${all.length} dependencies, ${refused.length} with a licence that is not allowed`);
process.exit(refused.length === 0 && all.length > 0 ? 0 : 1);
