import { useLoaderData } from "@remix-run/react";

export function loader() {
  return { greeting: "Hello from Remix" };
}

export default function Index() {
  return <h1>{useLoaderData().greeting}</h1>;
}
