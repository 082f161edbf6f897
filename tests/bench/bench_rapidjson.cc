// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

// bench_rapidjson FILE ROUNDS: the same as bench_json with Debian's RapidJSON, SAX into an array of floats that keeps its
// memory from round to round. Its default flags: faster than exact ones. In C++ because that library is.

#include <rapidjson/reader.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Floats : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Floats> {
    std::vector<float> values;
    bool Add(float value) {
        values.push_back(value);
        return true;
    }
    bool Double(double value) { return Add(static_cast<float>(value)); }
    bool Int(int value) { return Add(static_cast<float>(value)); }
    bool Uint(unsigned value) { return Add(static_cast<float>(value)); }
    bool Int64(int64_t value) { return Add(static_cast<float>(value)); }
    bool Uint64(uint64_t value) { return Add(static_cast<float>(value)); }
    bool StartArray() { return true; }
    bool EndArray(rapidjson::SizeType) { return true; }
    bool Default() { return false; }
};

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: bench_rapidjson FILE ROUNDS\n");
        return 2;
    }
    std::ifstream file(argv[1], std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Floats floats;
    long long best = -1;
    for (long rounds = std::strtol(argv[2], nullptr, 10); rounds > 0; rounds--) {
        floats.values.clear();
        auto begun = std::chrono::steady_clock::now();
        rapidjson::Reader reader;
        rapidjson::StringStream stream(text.c_str());
        if (!reader.Parse(stream, floats)) return 1;
        auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun).count();
        best = best < 0 || ns < best ? ns : best;
    }
    double sum = static_cast<double>(floats.values.size());
    if (!floats.values.empty()) sum += static_cast<double>(floats.values.front()) + static_cast<double>(floats.values.back());
    std::printf("%lld %.9g\n", best, sum);
}
