import { Empty } from "@/ui";

export default function View() {
  return <Empty title="This view is not built yet" />;
}
