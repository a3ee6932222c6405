// Symbol visibility of the component media.
#pragma once

#include "api.hpp"

#if defined(_WIN32)
#if defined(TRTYOLO_MEDIA_BUILDING)
#define TRTYOLO_MEDIA_API __declspec(dllexport)
#else
#define TRTYOLO_MEDIA_API __declspec(dllimport)
#endif
#else
#define TRTYOLO_MEDIA_API TRTYOLO_API
#endif
