#include "base/list.h"
#include "unit.h"

struct element {
    int value;
    struct list link;
};

static void assert_values(const struct list *head, const char *values) {
    const char *next = values;
    LIST_FOR_EACH(node, head) {
        assert_int_equal(LIST_ENTRY(node, struct element, link)->value, *next - '0');
        next++;
    }
    assert_int_equal(*next, '\0');
    while (next > values)
        head = head->prev, assert_int_equal(LIST_ENTRY(head, struct element, link)->value, *--next - '0');
}

TEST(new_list_is_empty) {
    struct list head;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_first(&head));
    assert_null(list_last(&head));
    assert_values(&head, "");
}

TEST(elements_go_in_at_both_ends) {
    struct list head;
    struct element e[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&head);
    list_push_back(&head, &e[0].link);
    list_push_back(&head, &e[1].link);
    list_push_front(&head, &e[2].link);
    assert_values(&head, "312");
    assert_ptr_equal(list_first(&head), &e[2].link);
    assert_ptr_equal(list_last(&head), &e[1].link);
}

TEST(any_element_can_be_removed) {
    struct list head;
    struct element e[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&head);
    for (int i = 0; i < 3; i++)
        list_push_back(&head, &e[i].link);
    list_remove(&e[1].link);
    assert_values(&head, "13");
    list_remove(&e[0].link);
    list_remove(&e[2].link);
    assert_true(list_is_empty(&head));
    list_push_back(&head, &e[1].link);
    assert_values(&head, "2");
}

TEST(removing_twice_does_no_harm) {
    struct list head;
    struct element e[] = {{.value = 1}, {.value = 2}};
    list_init(&head);
    list_push_back(&head, &e[0].link);
    list_push_back(&head, &e[1].link);
    assert_false(list_is_empty(&e[0].link));
    list_remove(&e[0].link);
    assert_true(list_is_empty(&e[0].link));
    list_remove(&e[0].link);
    assert_values(&head, "2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_list_is_empty),
        cmocka_unit_test(elements_go_in_at_both_ends),
        cmocka_unit_test(any_element_can_be_removed),
        cmocka_unit_test(removing_twice_does_no_harm),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
