"""Published import path of `xmr`, which `projections.views.spc` defines."""

from projections.views.spc import xmr

__all__ = ["xmr"]
