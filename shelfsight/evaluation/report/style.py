"""How a report looks: in the light, in the dark, on paper and on a phone."""

__all__ = ["STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fafaf9; --card: #ffffff; --ink: #1c1917; --soft: #57534e; --line: #e7e5e4; --sunken: #f0efed;
  --good: #15803d; --bad: #b91c1c; --heat: #f59e0b;
  --series-0: #0f766e; --series-1: #c2410c; --series-2: #4f46e5; --series-3: #a16207;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #171615; --card: #211f1e; --ink: #f5f5f4; --soft: #b3ada8; --line: #393634; --sunken: #2a2827;
    --good: #4ade80; --bad: #fca5a5; --heat: #d97706;
    --series-0: #2dd4bf; --series-1: #fb923c; --series-2: #a5b4fc; --series-3: #facc15;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0 auto; max-width: 74rem; padding: 2rem 1.5rem 5rem; background: var(--ground); color: var(--ink); }
h1, h2, h3 { line-height: 1.25; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; text-wrap: balance; }
h1 { font-size: 1.9rem; }
h2 { font-size: 1.2rem; margin: 2.8rem 0 .4rem; }
h3 { font-size: 1rem; }
p { margin: .35rem 0; max-width: 46rem; }
.soft, figcaption, .meta { color: var(--soft); font-size: .875rem; }
.card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.15rem;
  margin: 0; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1rem;
  margin: 1.2rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.8rem; margin: .6rem 0 0; font-size: .875rem; }
.facts div { min-width: 0; }
.facts dt { color: var(--soft); font-size: .78rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.badge { display: inline-block; min-width: 1.55em; padding: 0 .4em; border-radius: 6px; font-weight: 700;
  text-align: center;
  color: var(--card); background: var(--soft); }
.badge.a { background: var(--series-0); } .badge.b { background: var(--series-1); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .8rem 1rem; }
.tile b { display: block; font-size: 1.75rem; line-height: 1.2; font-variant-numeric: tabular-nums;
  letter-spacing: -.02em; }
.verdicts { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: .45rem; }
.verdicts li { display: grid; grid-template-columns: 2.2rem minmax(0, 1fr); align-items: baseline; gap: .4rem; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  margin: .8rem 0; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--series-0); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .9rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--line);
  vertical-align: baseline; }
thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: .8rem; }
th:first-child, td:first-child { text-align: left; }
tbody th { font-weight: 500; white-space: normal; overflow-wrap: anywhere; min-width: 7.8rem; }
small { display: block; color: var(--soft); font-size: .75rem; }
.plots { columns: 2 24rem; column-gap: 1rem; margin: 1rem 0 0; }
.plots:has(> :only-child) { columns: 1; }
.plots > :nth-child(odd):last-child { column-span: all; }
.plots figure { break-inside: avoid; margin: 0 0 1rem; }
figure svg { display: block; width: 100%; max-width: 40rem; height: auto; margin: 0 auto; font-family: inherit; }
figcaption { margin-top: .5rem; }
.strip { margin: 1rem 0; }
.strip h3 { font-size: 1.05rem; }
.strip .side { margin-top: .8rem; font-size: .875rem; color: var(--soft); }
.strip .asked { float: right; width: 72px; margin: 0 0 .5rem 1rem; border-radius: 8px;
  border: 1px solid var(--line); }
.hits { list-style: none; margin: .5rem 0 0; padding: 0; display: grid;
  grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: .6rem; clear: both; }
.hits li { min-width: 0; font-size: .75rem; line-height: 1.3; }
.frame { display: grid; place-items: center; position: relative; aspect-ratio: 1; border-radius: 8px;
  overflow: hidden;
  background: #ffffff; border: 1px solid var(--line); }
.frame img { width: 100%; height: 100%; object-fit: contain; }
.right .frame { border-color: transparent; box-shadow: 0 0 0 3px var(--good); }
.missed .frame, .mistaken .frame { border: 2px dashed var(--bad); }
.none { padding: .4rem; color: #57534e; text-align: center; font-size: .7rem; }
.mark, .rank { position: absolute; top: 0; padding: 0 .4em; font-weight: 700; line-height: 1.55; color: var(--card); }
.rank { left: 0; border-radius: 0 0 7px 0; background: #1c1917cc; color: #ffffff;
  font-variant-numeric: tabular-nums; }
.mark { right: 0; border-radius: 0 0 0 7px; background: var(--soft); }
.right .mark { background: var(--good); } .missed .mark, .mistaken .mark { background: var(--bad); }
.title { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden;
  margin-top: .3rem; color: var(--soft); overflow-wrap: anywhere; }
details { margin: .8rem 0; } summary { cursor: pointer; font-weight: 600; font-size: .95rem; }
.notes dt { font-weight: 600; margin-top: .6rem; } .notes dd { margin: 0; max-width: 46rem; color: var(--soft);
  font-size: .9rem; }
@media (max-width: 40rem) {
  body { padding: 1.2rem .9rem 3rem; }
  h1 { font-size: 1.5rem; }
  .card, figure { padding: .8rem; }
  .hits { grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); }
  th, td { padding: .4rem .6rem; }
}
@media print {
  :root { color-scheme: light; --ground: #ffffff; --card: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc;
    --sunken: #eeeeee;
    --good: #15803d; --bad: #b91c1c; --heat: #f59e0b;
    --series-0: #0f766e; --series-1: #c2410c; --series-2: #4f46e5; --series-3: #a16207; font-size: 11px; }
  body { max-width: none; padding: 0; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scroll { overflow: visible; }
  .strip, figure, tr, .tile { break-inside: avoid; }
  h2 { break-after: avoid; }
  .plots { columns: 2; }
}
"""
