// Before the first paint: what only scripts can do has its place from the start, so that nothing jumps.
document.documentElement.classList.add("js");
