"""Cut the book's math font: ``python -m tools.font FONT``.

FONT is the whole STIX Two Math 5.3.0 (SIL Open Font License), which the npm package
``@fontsource/stix-two-math`` has as ``files/stix-two-math-latin-400-normal.woff``. Its
table ``MATH`` names the larger forms and the pieces of what stretches; they stay for every
character that stays.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from tools.book import ROOT

FONT = ROOT / "_ext" / "mathml" / "static" / "stix-two-math.woff2"

# Ranges of code points, in which the letters of \mathfrak, \mathsf and \mathtt are not.
CHARACTERS = """
    20-7e a0 a7-a8 ac af-b1 b4 b6-b7 d7 f7 131 237 2c6-2c7 2d8-2da 2dc 302-303 30c 338
    391-3a1 3a3-3a9 3b1-3c9 3d1 3d5-3d6 3f1 3f5 fe00 2009 2010-2014 2016 2018-2019
    201c-201d 2020-2022 2026 2032-2034 203e 2057 2061-2064 20d6-20d7 2102 210a-210b
    210d-2113 2115 2119-211d 2124 212c 212f-2131 2133-2135 2190-2199 21a4 21a6 21a9-21aa
    21cb-21cc 21d0-21d5 2200-220d 220f-2213 2215-221a 221d-221e 2220 2223-222e 2234-2237
    223c 2241 2243 2245 2247-2249 224d 2250 2254-2255 225c-225d 2260-2262 2264-2267
    226a-226b 226e-2271 227a-227b 2282-228a 228e 2291-229b 22a2-22a5 22a8 22c0-22c6
    22ee-22f1 2308-230b 23b0-23b1 23b4-23b5 23dc-23df 25a0-25a1 25b3 25cb 25fb 27c2
    27e6-27e9 27f5-27fa 27fc 2a00-2a02 2a7d-2a7e 2aaf-2ab0 1d400-1d454 1d456-1d49c
    1d49e-1d49f 1d4a2 1d4a5-1d4a6 1d4a9-1d4ac 1d4ae-1d4b5 1d538-1d539 1d53b-1d53e
    1d540-1d544 1d546 1d54a-1d550 1d552-1d56b 1d6a8-1d6da 1d6fc-1d755 1d7ce-1d7e1
"""


def characters():
    """Return the code points that the font holds."""
    held = set()
    for part in CHARACTERS.split():
        first, _, last = part.partition("-")
        held |= set(range(int(first, 16), int(last or first, 16) + 1))
    return held


def cut(source, target=FONT):
    """Write the font with these characters, and all that they stretch to."""
    font = TTFont(source)
    _turn_arrowheads(font)
    # Hints are for screens of few pixels, names for tools.
    options = Options(layout_features=["*"], hinting=False, glyph_names=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(target)


def _turn_arrowheads(font):
    """Mend the head of →, whose wrong end joins the shaft, so that it never grows."""
    for construction in font["MATH"].table.MathVariants.HorizGlyphConstruction:
        assembly = construction.GlyphAssembly
        for part in assembly.PartRecords if assembly else []:
            if part.glyph == "uni2192.var" and part.StartConnectorLength == 0:
                ends = part.EndConnectorLength, part.StartConnectorLength
                part.StartConnectorLength, part.EndConnectorLength = ends


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.font FONT")
    cut(Path(sys.argv[1]))
    print(FONT.relative_to(ROOT), FONT.stat().st_size, "bytes")
