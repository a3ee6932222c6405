module trtyolo

go 1.21
