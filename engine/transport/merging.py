"""Answers of several sources as one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.batch import ReplyBatch, joined


def merge_replies(batches: Sequence[ReplyBatch]) -> ReplyBatch:
    """One batch of at least one. When some have ``raw``, the others' rows in it are empty."""
    full = [batch for batch in batches if len(batch)]
    rejected = sum(batch.rejected for batch in batches)
    if len(full) <= 1:
        only = full[0] if full else batches[0]
        return ReplyBatch(only.records, only.raw, only.raw_length, rejected)
    merged = ReplyBatch(joined([batch.records for batch in full]), rejected=rejected)
    if any(len(batch.raw) for batch in full):
        width = max(batch.raw.shape[1] for batch in full)
        merged.raw = np.zeros((len(merged), width), np.uint8)
        merged.raw_length = np.zeros(len(merged), np.uint16)
        at = 0
        for batch in full:
            merged.raw[at : at + len(batch.raw), : batch.raw.shape[1]] = batch.raw
            merged.raw_length[at : at + len(batch.raw)] = batch.raw_length
            at += len(batch)
    return merged
