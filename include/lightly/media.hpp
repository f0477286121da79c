#pragma once

#include "lightly/media/contact_sheet.hpp"
#include "lightly/media/encoded_image.hpp"
#include "lightly/media/image_io.hpp"
#ifdef LIGHTLY_VIDEO
#include "lightly/media/video_index.hpp"
#include "lightly/media/video_reader.hpp"
#endif
