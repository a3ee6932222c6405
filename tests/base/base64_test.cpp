#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace trtyolo {
namespace {

std::vector<std::uint8_t> bytesOf(const std::string& text) {
  return {text.begin(), text.end()};
}

// RFC 4648, section 10.
TEST(Base64Test, IsThatOfTheStandard) {
  for (const auto& [plain, text] : {std::pair<std::string, std::string>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"},
                                    {"\xFB\xFF\xFE", "+//+"}}) {
    EXPECT_EQ(base64Of(bytesOf(plain)), text);
    EXPECT_EQ(bytesOfBase64(text), bytesOf(plain));
  }
}

TEST(Base64Test, IsNothingElse) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "====", "Zh==", "Zm9=", "Z g=", "Zg==Zg==", "Zm9v\n", "Z\xC3\xA4="}) {
    EXPECT_FALSE(bytesOfBase64(text)) << text;
  }
}

}  // namespace
}  // namespace trtyolo
