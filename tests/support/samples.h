/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inputs of deploy/samples and what another engine answered. What cannot be read fails the test. */

enum { DIGIT_PIXELS = 64, DIGIT_CLASSES = 10, TWO_LAYER_WIDTH = 10 };

void sample_digit(int digit, float ret_image[DIGIT_PIXELS], float ret_expected[DIGIT_CLASSES]);
void sample_two_layer(int version, float ret_x[TWO_LAYER_WIDTH], float ret_y[TWO_LAYER_WIDTH]);
