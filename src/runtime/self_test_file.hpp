// Self-tests in model files.
#pragma once

#include <string>
#include <string_view>

namespace trtyolo {

// Puts a record into the metadata of a file, in place of one that is there; an empty one is taken out. Throws
// ModelError; the file is then what it was before.
void writeSelfTest(const std::string& path, const std::string& record);

// An OpenVINO IR with that record. Throws ModelError, which names the file at `path`, if the text is none.
std::string withIrSelfTest(const std::string& path, std::string_view xml, std::string_view record);

}  // namespace trtyolo
