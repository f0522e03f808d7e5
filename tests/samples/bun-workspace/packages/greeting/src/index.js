export const greeting = "Hello from a workspace";
