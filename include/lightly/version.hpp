#pragma once

// The one place where the version is written; CMakeLists.txt reads it from here.
#define LIGHTLY_VERSION_MAJOR 0
#define LIGHTLY_VERSION_MINOR 1
#define LIGHTLY_VERSION_PATCH 0
