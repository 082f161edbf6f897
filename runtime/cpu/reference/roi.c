/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RoiAlign and MaxRoiPool. Regions come from the data and are hostile: a region may be endless, of
 * negative size or no number. Samples outside of the image count, but are not walked, so that the
 * work for a region is bounded by the image whatever it says.
 *
 * Source: ONNX RoiAlign 22, MaxRoiPool 22. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

#include <math.h>

enum { SAMPLING_MAX = 1024 };
static const double FAR = 1e9; /* beyond every image */

typedef struct Regions {
    const Tensor *x;
    Tensor *dst;
    Wide wide;
    size_t count, channels, batch;
    int64_t height, width, out_height, out_width;
    double scale;
} Regions;

static double bounded(double value) {
    return isnan(value) ? 0.0 : fmin(fmax(value, -FAR), FAR);
}

/* rois: [count, columns] */
static Status regions_open(const KernelCall *call, int64_t columns, Regions *regions) {
    const Tensor *rois;
    TRY(call_get_first(call, &regions->x, &regions->dst));
    TRY(call_get_src(call, 1, &rois));
    TRY(call_check_floats(call, 2));
    const Shape *x = &regions->x->shape, *dst = &regions->dst->shape;
    if (x->rank != 4 || dst->rank != 4 || rois->shape.rank != 2 || dst->dims[1] != x->dims[1])
        return call_invalid(call, "%s and regions %s do not give %s", SHAPE_TEXT(x),
                            SHAPE_TEXT(&rois->shape), SHAPE_TEXT(dst));
    TRY(call_check_shape(call, &SHAPE(dst->dims[0], columns), rois));
    if (tensor_elements(regions->dst) > 0 && x->dims[2] * x->dims[3] == 0)
        return call_invalid(call, "image %s is empty", SHAPE_TEXT(x));
    regions->count = (size_t)dst->dims[0];
    regions->channels = (size_t)x->dims[1];
    regions->batch = (size_t)x->dims[0];
    regions->height = x->dims[2];
    regions->width = x->dims[3];
    regions->out_height = dst->dims[2];
    regions->out_width = dst->dims[3];
    regions->scale = (double)node_get_float(call->node, "spatial_scale", 1.0f);
    return wide_open(call, 0, &regions->wide);
}

static Status image_of(const KernelCall *call, const Regions *regions, double batch,
                       const double **ret_image) {
    if (!(batch >= 0.0 && batch < (double)regions->batch))
        return call_invalid(call, "image %g of a batch of %zu", batch, regions->batch);
    *ret_image = regions->wide.src[0] +
                 (size_t)batch * regions->channels * (size_t)(regions->height * regions->width);
    return status_ok();
}

/* Samples along one dim of a bin: position(i) = first + i * step, i below count. */
typedef struct Samples {
    double first, step, count;
    int64_t begin, end; /* those inside of [-1, dim] */
} Samples;

static Samples samples_of(double start, double bin, double count, int64_t bin_index, int64_t dim) {
    Samples samples = { .count = fmax(count, 0.0) };
    samples.step = count > 0.0 ? bin / count : 0.0;
    samples.first = start + (double)bin_index * bin + 0.5 * samples.step;
    double begin = 0.0, end = samples.count;
    if (samples.step > 0.0) {
        begin = fmax(begin, ceil((-1.0 - samples.first) / samples.step));
        end = fmin(end, floor(((double)dim - samples.first) / samples.step) + 1.0);
    }
    if (samples.step <= 0.0 && (samples.first < -1.0 || samples.first > (double)dim))
        end = 0.0;
    if (end > begin) {
        samples.begin = (int64_t)begin;
        samples.end = (int64_t)end;
    }
    return samples;
}

typedef struct Point {
    int64_t low, high;
    double weight; /* of high */
} Point;

static Point point_of(const Samples *samples, int64_t i, int64_t dim) {
    double x = fmax(samples->first + (double)i * samples->step, 0.0);
    Point point = { .low = (int64_t)x };
    if (point.low >= dim - 1)
        return (Point){ .low = dim - 1, .high = dim - 1 };
    point.high = point.low + 1;
    point.weight = x - (double)point.low;
    return point;
}

static double sample_bin(const double *plane, int64_t width, const Samples *rows,
                         const Samples *columns, int64_t height, bool takes_max) {
    double count = rows->count * columns->count, result = takes_max ? -INFINITY : 0.0;
    double inside = (double)(rows->end - rows->begin) * (double)(columns->end - columns->begin);
    if (takes_max && inside < count)
        result = 0.0; /* samples outside are 0 */
    for (int64_t i = rows->begin; i < rows->end; i++) {
        Point y = point_of(rows, i, height);
        for (int64_t k = columns->begin; k < columns->end; k++) {
            Point x = point_of(columns, k, width);
            double a = (1.0 - y.weight) * (1.0 - x.weight) * plane[y.low * width + x.low];
            double b = (1.0 - y.weight) * x.weight * plane[y.low * width + x.high];
            double c = y.weight * (1.0 - x.weight) * plane[y.high * width + x.low];
            double d = y.weight * x.weight * plane[y.high * width + x.high];
            result =
                takes_max ? fmax(result, fmax(fmax(a, b), fmax(c, d))) : result + (a + b + c + d);
        }
    }
    if (count < 1.0)
        return 0.0;
    return takes_max ? result : result / count;
}

typedef struct Align {
    bool half_pixel, takes_max;
    int64_t sampling;
} Align;

static void align_region(const Regions *regions, const Align *align, const double *image,
                         const double *roi, double *dst) {
    double offset = align->half_pixel ? 0.5 : 0.0, edges[4];
    for (size_t i = 0; i < 4; i++)
        edges[i] = bounded(roi[i] * regions->scale - offset);
    double wide = edges[2] - edges[0], high = edges[3] - edges[1];
    if (!align->half_pixel) {
        wide = fmax(wide, 1.0);
        high = fmax(high, 1.0);
    }
    double bin_high = high / (double)regions->out_height;
    double bin_wide = wide / (double)regions->out_width;
    double grid_high = align->sampling > 0 ? (double)align->sampling : ceil(bin_high);
    double grid_wide = align->sampling > 0 ? (double)align->sampling : ceil(bin_wide);
    size_t plane = (size_t)(regions->height * regions->width);
    for (size_t c = 0; c < regions->channels; c++)
        for (int64_t y = 0; y < regions->out_height; y++) {
            Samples rows = samples_of(edges[1], bin_high, grid_high, y, regions->height);
            for (int64_t x = 0; x < regions->out_width; x++) {
                Samples columns = samples_of(edges[0], bin_wide, grid_wide, x, regions->width);
                *dst++ = sample_bin(image + c * plane, regions->width, &rows, &columns,
                                    regions->height, align->takes_max);
            }
        }
}

Status reference_roi_align(const KernelCall *call) {
    Regions regions = { 0 };
    const Tensor *batches;
    StringView mode = node_get_string(call->node, "mode", "avg");
    StringView coordinates =
        node_get_string(call->node, "coordinate_transformation_mode", "half_pixel");
    Align align = { .half_pixel = coordinates.length > 0 && coordinates.data[0] == 'h',
                    .takes_max = mode.length > 0 && mode.data[0] == 'm',
                    .sampling = node_get_int(call->node, "sampling_ratio", 0) };
    TRY(regions_open(call, 4, &regions));
    TRY(call_get_src(call, 2, &batches));
    TRY(call_check_shape(call, &SHAPE((int64_t)regions.count), batches));
    if (align.sampling > SAMPLING_MAX)
        return call_invalid(call, "sampling_ratio %lld is above %d", (long long)align.sampling,
                            SAMPLING_MAX);
    if (!regions.wide.src[2])
        return call_lacks_dtype(call, batches->dtype);
    size_t each = regions.channels * (size_t)regions.out_height * (size_t)regions.out_width;
    for (size_t i = 0; i < regions.count && each > 0; i++) {
        const double *image;
        TRY(image_of(call, &regions, regions.wide.src[2][i], &image));
        align_region(&regions, &align, image, regions.wide.src[1] + 4 * i,
                     regions.wide.dst[0] + i * each);
    }
    wide_store(call, &regions.wide);
    return status_ok();
}

/* [begin, end) of bin i over a dim. */
static void bin_range(double start, double bin, int64_t i, int64_t dim, int64_t *ret_begin,
                      int64_t *ret_end) {
    double begin = floor((double)i * bin) + start, end = ceil((double)(i + 1) * bin) + start;
    *ret_begin = (int64_t)fmin(fmax(begin, 0.0), (double)dim);
    *ret_end = (int64_t)fmin(fmax(end, 0.0), (double)dim);
}

static double max_of(const double *plane, int64_t width, const int64_t rows[2],
                     const int64_t columns[2]) {
    double best = 0.0;
    for (int64_t y = rows[0]; y < rows[1]; y++)
        for (int64_t x = columns[0]; x < columns[1]; x++) {
            bool is_first = y == rows[0] && x == columns[0];
            if (is_first || plane[y * width + x] > best)
                best = plane[y * width + x];
        }
    return best;
}

static void pool_region(const Regions *regions, const double *image, const double *roi,
                        double *dst) {
    double edges[4];
    for (size_t i = 0; i < 4; i++)
        edges[i] = round(bounded(roi[i] * regions->scale));
    double bin_wide = fmax(edges[2] - edges[0] + 1.0, 1.0) / (double)regions->out_width;
    double bin_high = fmax(edges[3] - edges[1] + 1.0, 1.0) / (double)regions->out_height;
    size_t plane = (size_t)(regions->height * regions->width);
    for (size_t c = 0; c < regions->channels; c++)
        for (int64_t y = 0; y < regions->out_height; y++) {
            int64_t rows[2], columns[2];
            bin_range(edges[1], bin_high, y, regions->height, &rows[0], &rows[1]);
            for (int64_t x = 0; x < regions->out_width; x++) {
                bin_range(edges[0], bin_wide, x, regions->width, &columns[0], &columns[1]);
                *dst++ = max_of(image + c * plane, regions->width, rows, columns);
            }
        }
}

Status reference_max_roi_pool(const KernelCall *call) {
    Regions regions = { 0 };
    TRY(regions_open(call, 5, &regions));
    size_t each = regions.channels * (size_t)regions.out_height * (size_t)regions.out_width;
    for (size_t i = 0; i < regions.count && each > 0; i++) {
        const double *image, *roi = regions.wide.src[1] + 5 * i;
        TRY(image_of(call, &regions, roi[0], &image));
        pool_region(&regions, image, roi + 1, regions.wide.dst[0] + i * each);
    }
    wide_store(call, &regions.wide);
    return status_ok();
}
