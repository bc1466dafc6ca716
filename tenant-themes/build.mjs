// Builds the themes' assets into dist/: scripts bundled to ES modules, style sheets with their fonts as WOFF2,
// every file under a name that changes with its content, and manifest.json from plain names to these.
//
//   node build.mjs            once
//   node build.mjs --watch    again on each change

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import subsetFont from "subset-font";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const cache = join(root, "node_modules", ".cache", "fonts");
const themes = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "theme.json")))
  .map((entry) => entry.name);

const latin = [...range(0x20, 0x7e), ...range(0xbf, 0xff), ..."\u00a0£§©«®°·»–—‘’‚“”„…‹›€"];
const more = [..."¡¢¥¦¨ª¬¯±²³´µ¶¸¹º¼½¾†•™−⁄\u2009\u202f"];
const central = [..."ĂăĄąĆćČčĎďĐđĘęĚěĞğİıŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŤťŮůŰűŸŹźŻżŽžȘșȚț"];

/** What the pages set in a face: Latin of Western and Central Europe. Italics, for short lines only, get less. */
const letters = (face) => [...latin, ...(face.includes("italic") ? [] : [...more, ...central])].join("");

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));
}

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);

/** A face cut to what the pages set; kept, since harfbuzz takes a while. */
async function webFont(path) {
  const source = readFileSync(path);
  const set = letters(basename(path));
  const kept = join(cache, `${hash(source)}-${hash(set)}.woff2`);
  if (!existsSync(kept)) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(kept, await subsetFont(source, set, { targetFormat: "woff2" }));
  }
  return readFileSync(kept);
}

/** `url(x.ttf)` in a style sheet becomes the WOFF2 of that face. */
const fonts = {
  name: "fonts",
  setup(builder) {
    builder.onLoad({ filter: /\.ttf$/ }, async ({ path }) => ({
      contents: await webFont(path),
      loader: "file",
    }));
  },
};

function styleEntries() {
  const entries = [
    { in: join(root, "base/styles/neutral.css"), out: "base/neutral", name: "base/neutral.css" },
  ];
  for (const theme of themes) {
    entries.push({
      in: join(root, theme, "styles/theme.css"),
      out: `${theme}/theme`,
      name: `${theme}/theme.css`,
    });
  }
  return entries;
}

function scriptEntries() {
  return readdirSync(join(root, "scripts"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => ({ in: join(root, "scripts", file), out: basename(file, ".ts") }));
}

async function styles(manifest, put) {
  for (const { in: entry, name } of styleEntries()) {
    const result = await build({
      entryPoints: [entry],
      outdir: join(root, "out"),
      bundle: true,
      minify: true,
      write: false,
      assetNames: "[name]-[hash]",
      publicPath: "/assets",
      target: ["chrome111", "firefox115", "safari16.4"],
      plugins: [fonts],
      logLevel: "warning",
    });
    // The sheet names its fonts as esbuild wrote them; they get names of ours.
    const sheet = result.outputFiles.find((file) => file.path.endsWith(".css"));
    let text = sheet.text;
    for (const file of result.outputFiles.filter((one) => one !== sheet)) {
      const theme = name.split("/")[0];
      const face = basename(file.path).replace(/-[A-Z0-9]{8}\.ttf$/, "");
      const written = put(`${theme}-${face}`, ".woff2", file.contents);
      manifest[`${theme}/${face}.woff2`] = written;
      text = text.replaceAll(`/assets/${basename(file.path)}`, `/assets/${written}`);
    }
    manifest[name] = put(name.replace("/", "-").replace(".css", ""), ".css", Buffer.from(text));
  }
}

async function scripts(manifest, put) {
  for (const { in: entry, out } of scriptEntries()) {
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      charset: "utf8",
      legalComments: "none",
      target: ["chrome111", "firefox115", "safari16.4"],
      loader: { ".svg": "text" },
      logLevel: "warning",
    });
    manifest[`${out}.js`] = put(out, ".js", result.outputFiles[0].contents);
  }
}

async function run() {
  const started = Date.now();
  const manifest = {};
  const next = join(root, "dist.next");
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next);
  const put = (name, extension, bytes) => {
    const file = `${name}-${hash(bytes)}${extension}`;
    writeFileSync(join(next, file), bytes);
    return file;
  };
  await styles(manifest, put);
  await scripts(manifest, put);
  const list = `${JSON.stringify(manifest, Object.keys(manifest).sort(), 2)}\n`;
  writeFileSync(join(next, "manifest.json"), list);
  const kept = join(dist, "manifest.json");
  // Names follow content: the same list is the same build, and the program need not be compiled anew.
  if (existsSync(kept) && readFileSync(kept, "utf8") === list) {
    rmSync(next, { recursive: true });
  } else {
    rmSync(dist, { recursive: true, force: true });
    renameSync(next, dist);
  }
  for (const theme of themes) budget(theme, manifest);
  console.log(`${Object.keys(manifest).length} assets in ${Date.now() - started} ms`);
}

/** A theme's faces together stay under 80 kB. */
function budget(theme, manifest) {
  const size = Object.entries(manifest)
    .filter(([name]) => name.startsWith(`${theme}/`) && name.endsWith(".woff2"))
    .reduce((sum, [, file]) => sum + readFileSync(join(dist, file)).length, 0);
  if (size > 80_000) throw new Error(`${theme}: its fonts take ${size} bytes, 80000 are allowed`);
}

await run();
if (process.argv.includes("--watch")) {
  let pending;
  watch(root, { recursive: true }, (_, file) => {
    if (!file || !/\.(css|ts|svg|ttf)$/.test(file) || /^(dist|node_modules)/.test(file)) return;
    clearTimeout(pending);
    pending = setTimeout(() => run().catch((error) => console.error(error.message)), 80);
  });
}
