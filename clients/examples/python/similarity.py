# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""similarity.py TARGET TOKENIZER.json [--ca=CA.pem] SENTENCE SENTENCE ...: how near in meaning each is to the first.

all-MiniLM-L6-v2 turns sentences into vectors of length 1; their product is the cosine. Ids are made here, by the model's own
tokenizer; all sentences go as one batch, padded to the longest.
"""

import sys

import numpy as np
from serving import Server
from tokenizers import Tokenizer


def embed(server, tokenizer, sentences):
    encoded = tokenizer.encode_batch(sentences)
    return server.infer("minilm", {"input_ids": np.array([one.ids for one in encoded], np.int64),
                                   "attention_mask": np.array([one.attention_mask for one in encoded], np.int64)})["sentence_embedding"]


def main():
    ca = [word[5:] for word in sys.argv if word.startswith("--ca=")]
    target, vocabulary, *sentences = [word for word in sys.argv[1:] if not word.startswith("--ca=")]
    tokenizer = Tokenizer.from_file(vocabulary)
    tokenizer.enable_padding()
    with Server(target, *ca) as server:
        vectors = embed(server, tokenizer, sentences)
    for sentence, cosine in sorted(zip(sentences[1:], vectors[1:] @ vectors[0]), key=lambda pair: -pair[1]):
        print(f"{cosine:.4f}  {sentence}")


main()
