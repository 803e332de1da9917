/* The style of a report: light or dark as the reader's screen is, on paper and on a telephone. Text
 * has a contrast of at least 4.5 to its ground; tests/cli/report.sh computes it. */
#ifndef CLI_HTML_STYLE_H
#define CLI_HTML_STYLE_H

/* Strengths of an ink, as html_picture.c has them. */
#define HTML_SHADES 24

static const char HTML_STYLE[] =
    ":root{color-scheme:light dark;--text:#1b1f24;--paper:#ffffff;--dim:#4a5563;--line:#d5dae0;"
    "--plus:#0072b2;--minus:#b84f00;--good:#00664a;--bad:#a3200d;--soft:#f4f6f8}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#f2f4f6;--paper:#14181d;--dim:#aab4bf;"
    "--line:#39424d;--plus:#4fa8e0;--minus:#ff8c42;--good:#2fc79a;--bad:#ff8f80;--soft:#1c2229}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:60rem;padding:1rem 1.25rem 4rem;background:var(--paper);"
    "color:var(--text);font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;"
    "overflow-wrap:anywhere}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.25rem;margin:2.5rem 0 "
    ".25rem;"
    "padding-top:1rem;border-top:2px solid var(--line)}h3{font-size:1.05rem;margin:1.5rem 0 .25rem}"
    "h4,h5,h6{font-size:1rem;margin:1rem 0 .25rem}p{margin:.35rem 0}\n"
    "a{color:var(--plus)}a:focus-visible,summary:focus-visible,.t:focus-visible{outline:3px solid "
    "var(--minus);outline-offset:2px}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--paper);"
    "padding:.5rem}\n"
    ".dim,figcaption,.eq,nav{color:var(--dim)}nav ul{padding-left:1.2rem;margin:.25rem 0}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}"
    "th{text-align:left;font-weight:600;color:var(--dim);border-bottom:1px solid var(--line)}"
    "th,td{padding:.12rem .7rem .12rem 0;vertical-align:baseline;white-space:nowrap}"
    ".n{text-align:right}.t{overflow-x:auto;margin:.4rem 0}\n"
    ".b{width:11rem;min-width:5rem;padding-right:0}td.b i{display:block;height:.6em;min-width:1px}"
    "i.plus{background:var(--plus)}i.minus{background:var(--minus)}\n"
    ".r{font-style:italic}.holds{color:var(--good)}.fails{color:var(--bad)}\n"
    ".f{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.25rem "
    "1rem;"
    "margin:.9rem 0 "
    ".3rem}math{font-size:1.05rem;margin:0;width:auto;max-width:100%;"
    "padding:.2rem 0 .35rem;overflow-x:auto;overflow-y:hidden}"
    ".eq{font-size:.85rem}\n"
    "details{margin:.5rem 0;border-left:3px solid var(--line);padding-left:.8rem}"
    "summary{cursor:pointer;padding:.2rem 0;font-variant-numeric:tabular-nums}"
    "details details>summary{font-size:.92rem}details[open]>summary{font-weight:600}\n"
    "figure{display:inline-block;margin:.4rem 1.2rem .4rem 0;max-width:100%;vertical-align:top;"
    "width:14rem}figcaption{font-size:.85rem}\n"
    ".curve{width:100%;max-width:40rem}.curve svg{width:100%;height:8rem;background:var(--soft)}"
    ".curve polyline{fill:none;stroke:var(--plus);stroke-width:2;vector-effect:non-scaling-stroke}"
    "th[scope=row]{font-weight:400;color:var(--text);border:0;white-space:normal;"
    "min-width:10rem;overflow-wrap:break-word}\n"
    ".picture{width:100%;display:block;background:var(--soft);border:1px solid var(--line);"
    "shape-rendering:crispEdges}.picture path{fill:none;stroke-width:1}"
    ".ink{stroke:var(--text)}use.plus{stroke:var(--plus)}use.minus{stroke:var(--minus)}\n"
    "@media(max-width:600px){body{padding:.75rem .75rem 3rem}figure{width:100%;max-width:18rem;"
    "display:block}.b{width:4rem;min-width:4rem}table{font-size:.84rem}"
    "th,td{padding-right:.45rem}details{padding-left:.5rem}}\n"
    "@media print{body{max-width:none}}\n";

#endif
