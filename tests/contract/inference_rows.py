# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol's contract, with Triton's extensions: reference open_inference_triton.md, chapters 1, 2, 5.3."""

NOTES, ROWS = [], []
