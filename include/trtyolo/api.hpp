// Symbol visibility of the shared library.
#pragma once

#if defined(_WIN32)
#if defined(TRTYOLO_BUILDING)
#define TRTYOLO_API __declspec(dllexport)
#else
#define TRTYOLO_API __declspec(dllimport)
#endif
#else
#define TRTYOLO_API __attribute__((visibility("default")))
#endif
