// Pages that are opened from the disk cannot fetch each other: there the search shows titles alone, without complaints.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
