/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reads lists of expectations; '#' begins a comment line. */

#include "tests/conformance/expectation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

static int compare_items(const void *left, const void *right) {
    return strcmp(((const Expectation *)left)->name, ((const Expectation *)right)->name);
}

static void add_line(ExpectationList *list, char *line) {
    line[strcspn(line, "\n")] = '\0';
    char *space = strchr(line, ' ');
    if (line[0] == '#' || !space)
        return;
    *space = '\0';
    list->items = must(realloc(list->items, (list->count + 1) * sizeof *list->items));
    list->items[list->count++] =
        (Expectation){ .name = must(strdup(line)), .outcome = must(strdup(space + 1)) };
}

ExpectationList expectation_list_read(const char *path) {
    ExpectationList list = { 0 };
    FILE *file = fopen(path, "r");
    if (!file)
        return list;
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) >= 0)
        add_line(&list, line);
    free(line);
    fclose(file);
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, compare_items);
    return list;
}

void expectation_list_free(ExpectationList *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].outcome);
    }
    free(list->items);
}

Expectation *expectation_find(ExpectationList *list, const char *name) {
    if (list->count == 0)
        return NULL;
    Expectation key = { .name = (char *)name };
    return bsearch(&key, list->items, list->count, sizeof key, compare_items);
}

bool outcome_is_pass(const char *outcome) {
    return strcmp(outcome, "pass") == 0;
}
