"""Charts as SVG and in words, for pages and reports: deterministic text without style attributes or scripts.

A chart's description and labels repeat in words what its colours say, so colour alone conveys nothing.
"""

from api.charts.captions import number, signals_in_words, summary
from api.charts.series import ChartReading, Series, series_of
from api.charts.tenure import Span, tenure_svg, visible_spans
from api.charts.variation import assurance_icon, variation_icon
from api.charts.xmr import xmr_svg

__all__ = [
    "ChartReading",
    "Series",
    "Span",
    "assurance_icon",
    "number",
    "series_of",
    "signals_in_words",
    "summary",
    "tenure_svg",
    "variation_icon",
    "visible_spans",
    "xmr_svg",
]
