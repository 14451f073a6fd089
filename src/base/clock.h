// clock.h -- seconds of a clock that only goes forward.

#ifndef CRED_SRC_BASE_CLOCK_H
#define CRED_SRC_BASE_CLOCK_H

double cred__now_s(void);

#endif
