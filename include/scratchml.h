/* Scratch-ML: the whole public interface. Each header can also be included alone. */
#ifndef SCRATCHML_H
#define SCRATCHML_H

#include <scratchml/base.h>
#include <scratchml/columns.h>
#include <scratchml/data.h>
#include <scratchml/doctor.h>
#include <scratchml/fit.h>
#include <scratchml/metrics.h>
#include <scratchml/mistakes.h>
#include <scratchml/model.h>
#include <scratchml/network.h>
#include <scratchml/page.h>
#include <scratchml/study.h>
#include <scratchml/trace.h>
#include <scratchml/what_if.h>

#endif
