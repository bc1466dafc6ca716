"""Makes the committed TTF faces of each theme from the @fontsource packages.

Posters and PDFs need plain static TrueType with Latin and extended Latin in one file; the packages ship variable
WOFF2 cut by script. So: pin the axes, cut to the characters we set, join the parts, name the result by its role.
Run once, when a theme changes its faces:

    npm install --no-save @fontsource-variable/{newsreader,instrument-sans,big-shoulders,chivo-mono,archivo,noto-sans,noto-sans-hebrew}
    pip install fonttools brotli
    python3 tools/fonts.py
"""

import io
import shutil
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules" / "@fontsource-variable"


def span(*ranges):
    return {c for first, last in ranges for c in range(first, last + 1)}


LATIN = span((0x20, 0x7E), (0xA0, 0x17F), (0x218, 0x21B), (0x2C6, 0x2C7), (0x2D8, 0x2DD))
MARKS = span((0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2022), (0x2190, 0x2193)) | {
    0x1E9E, 0x2026, 0x202F, 0x2009, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044, 0x20AC, 0x2116, 0x2122, 0x2212, 0x2215,
}
GREEK_CYRILLIC = span((0x370, 0x3FF), (0x400, 0x4FF))
HEBREW = span((0x590, 0x5FF), (0xFB1D, 0xFB4F)) | {0x20AA}

# target: (family name inside the file, weight, package parts, pinned axes, characters)
FACES = {
    "riverside/fonts/display.ttf": (
        "Riverside Display", 400,
        ["newsreader/files/newsreader-latin-standard-normal", "newsreader/files/newsreader-latin-ext-standard-normal"],
        {"wght": 420, "opsz": 72}, LATIN | MARKS),
    "riverside/fonts/display-italic.ttf": (
        "Riverside Display Italic", 400,
        ["newsreader/files/newsreader-latin-standard-italic", "newsreader/files/newsreader-latin-ext-standard-italic"],
        {"wght": 400, "opsz": 40}, LATIN | MARKS),
    "riverside/fonts/text.ttf": (
        "Riverside Text", 400,
        ["instrument-sans/files/instrument-sans-latin-wght-normal", "instrument-sans/files/instrument-sans-latin-ext-wght-normal"],
        {"wght": 400}, LATIN | MARKS),
    "riverside/fonts/text-bold.ttf": (
        "Riverside Text", 700,
        ["instrument-sans/files/instrument-sans-latin-wght-normal", "instrument-sans/files/instrument-sans-latin-ext-wght-normal"],
        {"wght": 620}, LATIN | MARKS),
    "basement/fonts/display.ttf": (
        "Basement Display", 900,
        ["big-shoulders/files/big-shoulders-latin-standard-normal", "big-shoulders/files/big-shoulders-latin-ext-standard-normal"],
        {"wght": 900, "opsz": 72}, LATIN | MARKS),
    "basement/fonts/text.ttf": (
        "Basement Text", 400,
        ["chivo-mono/files/chivo-mono-latin-wght-normal", "chivo-mono/files/chivo-mono-latin-ext-wght-normal"],
        {"wght": 400}, LATIN | MARKS),
    "basement/fonts/text-bold.ttf": (
        "Basement Text", 700,
        ["chivo-mono/files/chivo-mono-latin-wght-normal", "chivo-mono/files/chivo-mono-latin-ext-wght-normal"],
        {"wght": 700}, LATIN | MARKS),
    "arena/fonts/display.ttf": (
        "Arena Display", 800,
        ["archivo/files/archivo-latin-standard-normal", "archivo/files/archivo-latin-ext-standard-normal"],
        {"wght": 800, "wdth": 122}, LATIN | MARKS),
    "arena/fonts/text.ttf": (
        "Arena Text", 400,
        ["archivo/files/archivo-latin-standard-normal", "archivo/files/archivo-latin-ext-standard-normal"],
        {"wght": 430, "wdth": 100}, LATIN | MARKS),
    "arena/fonts/text-bold.ttf": (
        "Arena Text", 700,
        ["archivo/files/archivo-latin-standard-normal", "archivo/files/archivo-latin-ext-standard-normal"],
        {"wght": 650, "wdth": 100}, LATIN | MARKS),
    "base/fonts/fallback.ttf": (
        "Fallback Text", 400,
        [f"noto-sans/files/noto-sans-{part}-wght-normal" for part in ("latin", "latin-ext", "greek", "cyrillic", "cyrillic-ext")],
        {"wght": 400}, LATIN | MARKS | GREEK_CYRILLIC),
    "base/fonts/fallback-hebrew.ttf": (
        "Fallback Hebrew", 400,
        ["noto-sans-hebrew/files/noto-sans-hebrew-hebrew-wght-normal"],
        {"wght": 400}, HEBREW | {0x20}),
}

LICENCES = {
    "riverside": ["newsreader", "instrument-sans"],
    "basement": ["big-shoulders", "chivo-mono"],
    "arena": ["archivo"],
    "base": ["noto-sans", "noto-sans-hebrew"],
}


def part(package_file, axes, characters):
    font = TTFont(PACKAGES / f"{package_file}.woff2")
    pinned = {axis.axisTag: axes.get(axis.axisTag, axis.defaultValue) for axis in font["fvar"].axes}
    font = instantiateVariableFont(font, pinned, overlap=False)
    options = Options()
    options.layout_features = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "tnum", "pnum", "rvrn"]
    options.notdef_outline = True
    options.hinting = False
    options.drop_tables += ["STAT", "MVAR", "HVAR", "DSIG"]
    cutter = Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font.flavor = None
    out = io.BytesIO()
    font.save(out)
    out.seek(0)
    return out


def name(font, family, weight):
    table = font["name"]
    table.names = [n for n in table.names if n.nameID in (0, 13, 14)]
    style = "Bold" if weight == 700 else "Regular"
    for identifier, text in ((1, family), (2, style), (4, f"{family} {style}"), (6, f"{family}-{style}".replace(" ", ""))):
        table.setName(text, identifier, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = 0x20 if weight == 700 else 0x40
    font["head"].macStyle = 1 if weight == 700 else 0


def main():
    for target, (family, weight, parts, axes, characters) in FACES.items():
        pieces = [part(p, axes, characters) for p in parts]
        font = Merger().merge(pieces) if len(pieces) > 1 else TTFont(pieces[0])
        name(font, family, weight)
        path = ROOT / target
        path.parent.mkdir(parents=True, exist_ok=True)
        font.save(path)
        missing = sorted(characters - set(font.getBestCmap()))
        print(f"{target}: {path.stat().st_size / 1000:.0f} kB, {len(font.getGlyphOrder())} glyphs, "
              f"missing {' '.join(f'{c:04X}' for c in missing)[:120]}")
    for theme, packages in LICENCES.items():
        for package in packages:
            shutil.copy(PACKAGES / package / "LICENSE", ROOT / theme / "fonts" / f"OFL-{package}.txt")


main()
