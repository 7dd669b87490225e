/*
 * Editor services: completion, inspection, is_complete. Each is answered in a copy of the worker
 * made for it, so that a crash there is an empty answer and the session never notices.
 */
#ifndef XTINYCC_SERVICE_H
#define XTINYCC_SERVICE_H

#include "channel.h"
#include "lang.h"

/* Answer MSG_COMPLETE, MSG_INSPECT or MSG_IS_COMPLETE with MSG_SERVICE. Its fields
   behind the serial:
   complete: u32 start, end, count, count x {string text, type};
   inspect: u32 found, string text; is_complete: u32 letter ('c', 'i', 'x', 'u'), u32 indent.
   Nothing behind the serial: no answer. */
void service_answer(const lang_t *lang, const message *request);

#endif
