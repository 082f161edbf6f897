/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Intrusive doubly linked list with a head node. An unlinked node points to itself, so removal is
 * always safe. */

#include <stdbool.h>
#include <stddef.h>

typedef struct ListNode {
    struct ListNode *prev, *next;
} ListNode;

#define LIST_ITEM(node, Type, member) ((Type *)(void *)((char *)(node)-offsetof(Type, member)))

static inline void list_init(ListNode *node) {
    node->prev = node->next = node;
}

static inline bool list_is_empty(const ListNode *head) {
    return head->next == head;
}

static inline void list_insert_before(ListNode *node, ListNode *position) {
    node->prev = position->prev;
    node->next = position;
    position->prev->next = node;
    position->prev = node;
}

static inline void list_push_back(ListNode *head, ListNode *node) {
    list_insert_before(node, head);
}

static inline void list_push_front(ListNode *head, ListNode *node) {
    list_insert_before(node, head->next);
}

static inline void list_remove(ListNode *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* NULL when empty. */
static inline ListNode *list_pop_front(ListNode *head) {
    if (list_is_empty(head))
        return NULL;
    ListNode *node = head->next;
    list_remove(node);
    return node;
}

/* The body may remove the current node. */
#define LIST_FOR_EACH(node, head)                                                                  \
    for (ListNode *node = (head)->next, *node##_next_ = node->next; node != (head);                \
         node = node##_next_, node##_next_ = node->next)
