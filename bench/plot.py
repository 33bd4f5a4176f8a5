"""A bar for each row, with a whisker from the least to the most of the rounds, as SVG."""

import math
from html import escape

WIDTH, BAR, GAP, LEFT, RIGHT, TOP, BOTTOM = 760, 22, 12, 150, 110, 44, 40
OURS, OTHERS, INK, FAINT, PAPER = "#1f6fb2", "#b4bcc4", "#222222", "#e4e7ea", "#ffffff"
STYLE = 'font-family="sans-serif" font-size="13"'


def step_of(largest):
    """A round distance of grid lines, such that there are three to seven of them."""
    rough = largest / 5
    power = 10 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def number(amount):
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"


def text(x, y, words, anchor="start", size=None, weight=None):
    extra = (f' font-size="{size}"' if size else "") + (f' font-weight="{weight}"' if weight else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}"{extra}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour, width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def bars(title, axis, rows, highlighted):
    """`rows`: [(name, Spread)]."""
    height = TOP + len(rows) * (BAR + GAP) + BOTTOM
    largest = max(spread.most for _, spread in rows) or 1
    scale = (WIDTH - LEFT - RIGHT) / largest
    floor = height - BOTTOM
    parts = [text(16, 24, title, size=15, weight="bold")]
    step = step_of(largest)
    for n in range(int(largest / step) + 1):
        x = LEFT + n * step * scale
        parts += [line(x, TOP - 6, x, floor, FAINT), text(x, floor + 16, number(n * step), "middle", size=11)]
    for i, (name, spread) in enumerate(rows):
        y = TOP + i * (BAR + GAP)
        middle = y + BAR / 2
        low, high = LEFT + spread.least * scale, LEFT + spread.most * scale
        parts += [
            text(LEFT - 10, middle + 4, name, "end", weight="bold" if name in highlighted else None),
            f'<rect x="{LEFT}" y="{y}" width="{spread.median * scale:.1f}" height="{BAR}" rx="2" '
            f'fill="{OURS if name in highlighted else OTHERS}"/>',
            line(low, middle, high, middle, INK, 1.5), line(low, middle - 5, low, middle + 5, INK, 1.5),
            line(high, middle - 5, high, middle + 5, INK, 1.5),
            text(high + 8, middle + 4, number(spread.median), size=12),
        ]
    parts.append(text(LEFT + (WIDTH - LEFT - RIGHT) / 2, height - 8, axis, "middle", size=12))
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" {STYLE}>')
    return "\n".join([head, f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>', *parts, "</svg>", ""])
