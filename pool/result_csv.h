/* A result as a line of CSV (RFC 4180), with the fields that each result has.
 *
 * The columns never change: one that does not apply is empty. Texts are told exactly as they are, whatever a
 * spreadsheet would make of them: "=1+1" stays "=1+1". */
#ifndef FETCHPOOL_POOL_RESULT_CSV_H
#define FETCHPOOL_POOL_RESULT_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include "pool/fetch_batch.h"
#include "pool/fetch_result.h"

#include <stddef.h>

/* Of the whole text, with its parameters; and its first line. */
#define RESULT_CSV_TYPE "text/csv; charset=utf-8; header=present"
#define RESULT_CSV_HEAD "url,index,status,size,error,error_code,elapsed,id\r\n"
#define RESULT_CSV_LINE_END "\r\n"

/* Appends the line without its end. A field with a comma, a quote, a blank at an end or a control character stands in
 * quotes, and an id that is empty as well, so that it is told from none. What is not UTF-8 becomes U+FFFD, as in JSON.
 * ERR_LIMIT, ERR_NOMEM: what was appended is not whole. */
enum err result_csv(struct buf *out, const struct fetch_item *item, size_t index,
                    const struct fetch_result *result) ERR_MUST_CHECK;

#endif
